import { Override, OverrideView } from '../../model/override';
import { RecordQuery } from '../../model/queries';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { read, removed, written } from '../response/answers';
import { INSTANCE_PATH, InstanceNames } from './paths';

const OVERRIDE_PATH = `${INSTANCE_PATH}/override`;

/** Adds the routes of overrides: what operators set on an instance, apart from its registration. */
export function addOverrideRoutes(surface: Surface): void {
  route(surface, {
    operation: 'putOverride',
    method: 'put',
    path: OVERRIDE_PATH,
    scope: 'operate',
    chapter: 'Operators',
    summary: 'Override the registration of an instance, or quarantine it',
    description:
      'Merged over the registration on every read, and kept when the instance registers again. ' +
      'A quarantined instance gets no traffic, even if it sends heartbeats or registers again, until the quarantine ' +
      'is lifted or `until` passes.',
    input: { path: InstanceNames, body: Override },
    conditional: 'change',
    answers: {
      200: { description: 'Replaced the previous override', schema: OverrideView },
      201: { description: 'Created', schema: OverrideView },
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
    answers: { 200: { description: 'The override, with its author and time', schema: OverrideView } },
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
    description: 'Also succeeds if there is none. The registration applies again.',
    input: { path: InstanceNames },
    conditional: 'change',
    answers: { 204: { description: 'Cleared' } },
    call: (namespace, { path }, call) =>
      namespace.clearOverride(call.callerWithOrigin, { key: path, precondition: call.precondition }),
    map: removed,
  });
}
