import { workerHome } from '../fixtures/worker-home';
import { tokensSuite } from './tokens-suite';

tokensSuite(workerHome());
