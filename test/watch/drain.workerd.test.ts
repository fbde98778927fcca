import { workerHome } from '../fixtures/worker-home';
import { drainSuite } from './drain-suite';

drainSuite(workerHome());
