import { consulAgentSuite } from '../../../test/dialects/consul-agent-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

consulAgentSuite(workerHome());
