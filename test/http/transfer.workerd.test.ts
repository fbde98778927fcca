import { workerHome } from '../fixtures/worker-home';
import { transferSuite } from './transfer-suite';

transferSuite(workerHome());
