import { nacosSuite } from '../../../test/dialects/nacos-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

nacosSuite(workerHome());
