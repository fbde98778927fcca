import { workerHome } from '../fixtures/worker-home';
import { openapiAnswersSuite } from './openapi-answers-suite';

openapiAnswersSuite(workerHome({ keeps: true }));
