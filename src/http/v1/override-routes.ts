import { Override, OverrideView } from '../../model/override';
import { RecordQuery } from '../../model/queries';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { read, removed, written } from '../response/answers';
import { INSTANCE_PATH, InstanceNames } from './paths';

const OVERRIDE_PATH = `${INSTANCE_PATH}/override`;

/** What an operator says about an instance, beside what the instance says of itself. */
export function addOverrideRoutes(surface: Surface): void {
  route(surface, {
    operation: 'putOverride',
    method: 'put',
    path: OVERRIDE_PATH,
    scope: 'operate',
    chapter: 'Operators',
    summary: 'Override what an instance says of itself, or quarantine it',
    description:
      'Merged over the registration on every read, untouched when the instance registers again. ' +
      'A quarantined instance gets no traffic, whatever it beats or registers, until that is lifted or `until` passes.',
    input: { path: InstanceNames, body: Override },
    conditional: 'change',
    answers: {
      200: { description: 'It replaced the one before', schema: OverrideView },
      201: { description: 'It is new', schema: OverrideView },
    },
    example: { quarantine: { until: '2027-01-31T12:00:00Z', reason: 'answers 500 since the last deploy' } },
    call: (namespace, { path, body }, call) =>
      namespace.putOverride(call.callerWithOrigin, { key: path, override: body, precondition: call.precondition }),
    map: (override) => written(override),
  });

  route(surface, {
    operation: 'readOverride',
    method: 'get',
    path: OVERRIDE_PATH,
    scope: 'read',
    chapter: 'Operators',
    summary: 'Read the override of an instance',
    input: { path: InstanceNames, query: RecordQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(query),
    answers: { 200: { description: 'What an operator set, by whom and when', schema: OverrideView } },
    call: (namespace, { path, query }, call) =>
      call.read({
        freshness: query,
        about: { service: path },
        ask: (options) => namespace.readOverride({ key: path, ...options }),
      }),
    map: read,
  });

  route(surface, {
    operation: 'clearOverride',
    method: 'delete',
    path: OVERRIDE_PATH,
    scope: 'operate',
    chapter: 'Operators',
    summary: 'Clear the override of an instance',
    description: 'Also succeeds when there is none. What the instance says of itself counts again.',
    input: { path: InstanceNames },
    conditional: 'change',
    answers: { 204: { description: 'There is no override' } },
    call: (namespace, { path }, call) =>
      namespace.clearOverride(call.callerWithOrigin, { key: path, precondition: call.precondition }),
    map: removed,
  });
}
