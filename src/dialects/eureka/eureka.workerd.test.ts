import { eurekaSuite } from '../../../test/dialects/eureka-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

eurekaSuite(workerHome());
