import { goMicroKeptSuite } from '../../../test/dialects/go-micro-kept-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

goMicroKeptSuite(workerHome());
