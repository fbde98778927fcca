import { workerHome } from '../fixtures/worker-home';
import { entriesSuite } from './entries-suite';

entriesSuite(workerHome());
