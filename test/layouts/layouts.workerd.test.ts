import { workerHome } from '../fixtures/worker-home';
import { layoutsSuite } from './layouts-suite';

layoutsSuite(workerHome());
