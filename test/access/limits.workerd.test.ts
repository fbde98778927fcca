import { workerHome } from '../fixtures/worker-home';
import { limitsSuite } from './limits-suite';

limitsSuite(workerHome());
