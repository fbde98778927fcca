import { workerHome } from '../fixtures/worker-home';
import { longPollSuite } from './long-poll-suite';

longPollSuite(workerHome());
