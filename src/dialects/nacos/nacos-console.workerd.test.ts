import { nacosConsoleSuite } from '../../../test/dialects/nacos-console-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

nacosConsoleSuite(workerHome());
