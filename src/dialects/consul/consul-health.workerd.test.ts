import { consulHealthSuite } from '../../../test/dialects/consul-health-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

consulHealthSuite(workerHome());
