import { httpStatusOf, refusalOf, refusalText } from '../../codecs/etcd/refusals';
import type { Dialect } from '../../http/pipeline/dialect';
import type { ErrorData } from '../../model/errors';
import { JSON_HEADERS, textAnswer } from './answers';
import { addMethodRoutes } from './method-routes';
import { addLoginRoute, addProbeRoutes } from './open-routes';
import { VERSIONS } from './paths';

/** Text of etcd for a request without a token: clients show it, and it says what is missing. */
const NO_TOKEN = 'etcdserver: user name is empty';

/** Returns a refusal as etcd's gateway has it. Requests without a valid token have status 401, as everywhere. */
function refusal(error: ErrorData, request: Request): Response {
  const { retryAfterSeconds } = error.details;
  const retry: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
  const shown = refusalOf(error);
  if (error.code === 'UNAUTHENTICATED' && error.details.dialectCode === undefined) {
    const hasNone = request.headers.get('authorization') === null;
    const text = hasNone ? refusalText({ ...shown, message: NO_TOKEN }) : refusalText(shown);
    return new Response(text, { status: 401, headers: JSON_HEADERS });
  }
  return new Response(refusalText(shown), { status: httpStatusOf(shown), headers: { ...JSON_HEADERS, ...retry } });
}

/** The JSON gateway of etcd: its whole API over HTTP, and the paths that clients probe. */
export const etcd: Dialect = {
  name: 'etcd',
  paths: [...VERSIONS, '/version'],
  pathsInNamespaces: ['/health'],
  carriers: ['bearer', 'basic', 'raw', 'path'],
  refuse(error, request) {
    if (error.code === 'ROUTE_NOT_FOUND') return textAnswer(404, 'Not Found\n');
    if (error.code === 'METHOD_NOT_ALLOWED') {
      return textAnswer(405, 'Method Not Allowed\n', { Allow: (error.details.allow ?? []).join(', ') });
    }
    return refusal(error, request);
  },
  addRoutes(door) {
    addMethodRoutes(door);
    addLoginRoute(door);
    addProbeRoutes(door);
  },
};
