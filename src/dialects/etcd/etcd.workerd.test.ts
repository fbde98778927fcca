import { etcdSuite } from '../../../test/dialects/etcd-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

etcdSuite(workerHome());
