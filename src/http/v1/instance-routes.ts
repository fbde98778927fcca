import { authorizeRegistration } from '../../auth/authorize';
import { deriveInstanceId } from '../../model/derived-id';
import type { Principal } from '../../model/grant';
import { InstanceDefinition, InstancePatch, InstanceView, Registration } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';
import { InstanceList, InstanceListQuery, RecordQuery } from '../../model/queries';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered, read, removed, written } from '../response/answers';
import { INSTANCE_PATH, INSTANCES_PATH, InstanceNames, NewInstanceNames, NewServiceNames, ServiceNames } from './paths';

const DEFINITION_EXAMPLE = { address: '10.0.0.7', port: 8080, metadata: { version: '2.1.0' }, tags: ['blue'] };

const REGISTRATION_ANSWERS = {
  200: {
    description: 'Existed already: updated or, if it is the same registration again, only its lease renewed',
    schema: Registration,
  },
  201: { description: 'Created', schema: Registration },
};

/** Adds the routes of instances: register, change, read, list and deregister. */
export function addInstanceRoutes(surface: Surface): void {
  const authorize = (
    principal: Principal,
    namespace: string,
    { path, body }: { path: ServiceKey; body: InstanceDefinition },
  ): void => authorizeRegistration(principal, namespace, path, surface.claimsOf(path, body.extensions));

  route(surface, {
    operation: 'registerInstance',
    method: 'put',
    path: INSTANCE_PATH,
    scope: 'register',
    authorize,
    chapter: 'Instances',
    summary: 'Register an instance, or replace its registration',
    description:
      'The instance is visible once this call returns, and stays registered while its lease is renewed. ' +
      'If an extension also publishes it under other services, the token needs the scope on those, too. ' +
      '`warnings` lists likely mistakes.',
    input: { path: NewInstanceNames, body: InstanceDefinition },
    withoutDeadline: true,
    conditional: 'change',
    answers: REGISTRATION_ANSWERS,
    example: DEFINITION_EXAMPLE,
    call: (namespace, { path, body }, call) =>
      namespace.register(call.callerWithOrigin, { key: path, definition: body, precondition: call.precondition }),
    map: (registration) => written(registration),
  });

  route(surface, {
    operation: 'registerInstanceByAddress',
    method: 'post',
    path: INSTANCES_PATH,
    scope: 'register',
    authorize,
    chapter: 'Instances',
    summary: 'Register an instance under an id derived from its address',
    description:
      'The id is `address:port`, or the URL if either is missing; repeating the call addresses the same instance. ' +
      '`Location` holds its path.',
    input: { path: NewServiceNames, body: InstanceDefinition },
    withoutDeadline: true,
    conditional: 'change',
    answers: REGISTRATION_ANSWERS,
    example: DEFINITION_EXAMPLE,
    call: (namespace, { path, body }, call) =>
      namespace.register(call.callerWithOrigin, {
        key: { ...path, id: deriveInstanceId(body) },
        definition: body,
        precondition: call.precondition,
      }),
    map: (registration, { body }, call) =>
      written(registration, `${call.path}/${encodeURIComponent(deriveInstanceId(body))}`),
  });

  route(surface, {
    operation: 'listInstances',
    method: 'get',
    path: INSTANCES_PATH,
    scope: 'read',
    chapter: 'Callers',
    summary: 'List the instances of a service',
    description:
      'Includes unhealthy instances; `metadata.<key>=<value>` filters by metadata. ' +
      'A service that does not exist is an empty list. Without `limit` the list is complete. ' +
      '`at` reads the list at an earlier point; one outside the retained history returns 410 `COMPACTED`.',
    input: { path: ServiceNames, query: InstanceListQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(query),
    answers: { 200: { description: 'Instances, sorted by id', schema: InstanceList } },
    call: (namespace, { path, query }, call) => {
      const { limit, after, at, consistency, maxAge, wait, ...filter } = query;
      // The past does not change, so a request never waits for it, even if it sends `Prefer: wait`.
      const isPast = at !== undefined && consistency === 'strong';
      return call.read({
        freshness: { consistency, maxAge, wait: isPast ? 0 : wait },
        about: { service: path },
        ask: (options) => namespace.listInstances({ ...path, filter, limit, after, at, ...options }),
      });
    },
    map: read,
  });

  route(surface, {
    operation: 'readInstance',
    method: 'get',
    path: INSTANCE_PATH,
    scope: 'read',
    chapter: 'Instances',
    summary: 'Read an instance',
    input: { path: InstanceNames, query: RecordQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(query),
    answers: {
      200: { description: "The instance, with the operator's override merged over it", schema: InstanceView },
    },
    call: (namespace, { path, query }, call) =>
      call.read({
        freshness: query,
        about: { service: path },
        ask: (options) => namespace.readInstance({ key: path, ...options }),
      }),
    map: read,
  });

  route(surface, {
    operation: 'patchInstance',
    method: 'patch',
    path: INSTANCE_PATH,
    scope: 'register',
    chapter: 'Instances',
    summary: 'Change weight, status, metadata or tags of a registration',
    description:
      '`metadata` is a merge patch: a value sets a key, null removes it, omitted keys stay. `tags` replaces the list.',
    input: { path: InstanceNames, body: InstancePatch },
    conditional: 'change',
    answers: { 200: { description: 'The instance after the change', schema: InstanceView } },
    example: { weight: 2, metadata: { version: '2.2.0', canary: null } },
    call: (namespace, { path, body }, call) =>
      namespace.patch(call.callerWithOrigin, { key: path, patch: body, precondition: call.precondition }),
    map: answered,
  });

  route(surface, {
    operation: 'deregisterInstance',
    method: 'delete',
    path: INSTANCE_PATH,
    scope: 'register',
    chapter: 'Instances',
    summary: 'Deregister an instance',
    description:
      'Also succeeds if the instance is already gone. To only take an instance out of traffic, drain or quarantine it.',
    input: { path: InstanceNames },
    conditional: 'change',
    answers: { 204: { description: 'Deregistered' } },
    call: (namespace, { path }, call) =>
      namespace.deregister(call.callerWithOrigin, { key: path, precondition: call.precondition }),
    map: removed,
  });
}
