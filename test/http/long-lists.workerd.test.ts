import { workerHome } from '../fixtures/worker-home';
import { longListsSuite } from './long-lists-suite';

longListsSuite(workerHome({ keeps: true }));
