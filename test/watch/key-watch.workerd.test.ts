import { workerHome } from '../fixtures/worker-home';
import { keyWatchSuite } from './key-watch-suite';

keyWatchSuite(workerHome());
