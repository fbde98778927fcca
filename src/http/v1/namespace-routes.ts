import { authorizeOperations } from '../../auth/authorize-operations';
import { Batch, BatchReport } from '../../model/batch';
import { BATCH_BODY_MAX_BYTES } from '../../model/limits';
import { Stats } from '../../model/stats';
import { route, type Surface } from '../pipeline/route';
import { answered } from '../response/answers';
import { NAMESPACE_PATH } from './paths';

/** What concerns a namespace as a whole. */
export function addNamespaceRoutes(surface: Surface): void {
  route(surface, {
    operation: 'applyBatch',
    method: 'post',
    path: `${NAMESPACE_PATH}/batch`,
    scope: 'any',
    authorize: (principal, namespace, { body }) =>
      authorizeOperations(principal, namespace, body.operations, surface.claimsOf),
    chapter: 'Instances',
    summary: 'Change many instances as one revision: all of it, or nothing',
    description:
      'Each operation has the members of the single call, and needs the scope that it does; `ifRevision` and `ifAbsent` are preconditions.',
    input: { body: Batch },
    bodyMaxBytes: BATCH_BODY_MAX_BYTES,
    answers: { 200: { description: 'What became of each operation, in their order', schema: BatchReport } },
    example: {
      operations: [
        { op: 'register', service: 'orders', id: 'a', address: '10.0.0.7', port: 8080, ifAbsent: true },
        { op: 'deregister', service: 'orders', id: 'b' },
      ],
    },
    call: (namespace, { body }, call) => namespace.batch(call.callerWithOrigin, body.operations),
    map: answered,
  });

  route(surface, {
    operation: 'readStats',
    method: 'get',
    path: `${NAMESPACE_PATH}/stats`,
    scope: 'read',
    chapter: 'Registry',
    summary: 'Read what a namespace holds, and what it has done and cost',
    input: {},
    answers: { 200: { description: 'Counts, and counters since the process started', schema: Stats } },
    call: (namespace, _input, call) => namespace.stats({ tokenId: call.tokenId }),
    map: answered,
  });
}
