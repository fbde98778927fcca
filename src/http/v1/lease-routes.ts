import { authorizeServices } from '../../auth/authorize';
import { HeartbeatBatch, HeartbeatReport } from '../../model/batch';
import { Renewal } from '../../model/instance';
import { BATCH_BODY_MAX_BYTES } from '../../model/limits';
import { DrainQuery, DrainReport } from '../../model/queries';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered, removed } from '../response/answers';
import { INSTANCE_PATH, InstanceNames, NAMESPACE_PATH } from './paths';

/** Adds the routes of leases: heartbeats, single and batched, and drain. */
export function addLeaseRoutes(surface: Surface): void {
  route(surface, {
    operation: 'renewLease',
    method: 'post',
    path: `${INSTANCE_PATH}/heartbeat`,
    scope: 'register',
    chapter: 'Leases',
    summary: 'Renew the lease of an instance',
    description: 'On 404 with the code `INSTANCE_NOT_FOUND`, register again. No body is needed.',
    input: { path: InstanceNames },
    withoutDeadline: true,
    answers: { 200: { description: 'When the lease ends if it is not renewed again', schema: Renewal } },
    call: (namespace, { path }, call) => namespace.renew(call.caller, path),
    map: answered,
  });

  route(surface, {
    operation: 'renewLeases',
    method: 'post',
    path: `${NAMESPACE_PATH}/heartbeat`,
    scope: 'register',
    authorize: (principal, namespace, { body }) => authorizeServices(principal, 'register', namespace, body.instances),
    chapter: 'Leases',
    summary: 'Renew the leases of many instances',
    description: 'Instances listed in `unknown` must register again.',
    input: { body: HeartbeatBatch },
    bodyMaxBytes: BATCH_BODY_MAX_BYTES,
    answers: { 200: { description: 'Number of renewed leases, and the unknown instances', schema: HeartbeatReport } },
    example: { instances: [{ service: 'orders', id: '10.0.0.7:8080' }] },
    call: (namespace, { body }, call) => namespace.renewMany(call.caller, body.instances),
    map: answered,
  });

  route(surface, {
    operation: 'drainInstance',
    method: 'post',
    path: `${INSTANCE_PATH}/drain`,
    scope: 'register',
    chapter: 'Leases',
    summary: 'Take an instance out of traffic, then remove it',
    description:
      'Returns once every subscriber of the service has acknowledged the drain, or after `wait`. ' +
      '`safeAfterMs` is the longest time that a reader without acknowledgements may use a stale response. ' +
      'If the drain is cancelled meanwhile, the response is `CONFLICT`.',
    input: { path: InstanceNames, query: DrainQuery },
    waitMs: ({ query }) => query.wait,
    answers: { 200: { description: 'The instance is out of traffic', schema: DrainReport } },
    call: (namespace, { path, query }, call) =>
      namespace.drain(call.callerWithOrigin, { key: path, waitMs: query.wait, graceMs: query.grace }),
    map: answered,
  });

  route(surface, {
    operation: 'cancelDrain',
    method: 'delete',
    path: `${INSTANCE_PATH}/drain`,
    scope: 'register',
    chapter: 'Leases',
    summary: 'Cancel a drain before its removal',
    description:
      'The instance is as it was before the drain, without the quarantine that a drain by an operator sets; callers that ' +
      'wait for the drain get `CONFLICT`. Only an operator can cancel a drain by an operator. Succeeds without a change if ' +
      'the instance is not draining; once it is removed, the response is `INSTANCE_NOT_FOUND`.',
    input: { path: InstanceNames },
    answers: { 204: { description: 'The instance is not draining' } },
    call: (namespace, { path }, call) => namespace.cancelDrain(call.callerWithOrigin, { key: path }),
    map: removed,
  });
}
