import { consulKvSuite } from '../../../test/dialects/consul-kv-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

consulKvSuite(workerHome());
