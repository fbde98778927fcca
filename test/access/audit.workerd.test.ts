import { workerHome } from '../fixtures/worker-home';
import { auditSuite } from './audit-suite';

auditSuite(workerHome());
