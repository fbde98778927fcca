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
    description: 'It was there: changed, or the same again, which renews its lease and changes nothing',
    schema: Registration,
  },
  201: { description: 'It is new', schema: Registration },
};

/** Instances: register, change, read, list, deregister. */
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
      'The instance is there once this is answered, and stays for as long as its lease is renewed. ' +
      'An extension that has it found under other services needs the scope on those, too. ' +
      '`warnings` name what is likely a mistake.',
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
      'The id is `address:port`, or the url where one of them is missing; a repeat is the same instance. ' +
      '`Location` says where it is.',
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
      'All of them, unhealthy ones too; `metadata.<key>=<value>` filters by metadata. ' +
      'A service that does not exist is empty. Without `limit` the list is whole. ' +
      'With `at` it is what it was then; a moment that is not in the kept past is 410 `COMPACTED`.',
    input: { path: ServiceNames, query: InstanceListQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(query),
    answers: { 200: { description: 'In the order of their ids', schema: InstanceList } },
    call: (namespace, { path, query }, call) => {
      const { limit, after, at, consistency, maxAge, wait, ...filter } = query;
      // What was does not change, so there is nothing to wait for, whatever the request would prefer.
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
    answers: { 200: { description: 'With the override of an operator merged over it', schema: InstanceView } },
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
    description: 'Metadata is a merge patch: a value sets, null removes, what is left out stays. Tags replace.',
    input: { path: InstanceNames, body: InstancePatch },
    conditional: 'change',
    answers: { 200: { description: 'As it is now', schema: InstanceView } },
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
    description: 'Also succeeds when it is gone already. To take an instance out of traffic, drain or quarantine it.',
    input: { path: InstanceNames },
    conditional: 'change',
    answers: { 204: { description: 'It is gone' } },
    call: (namespace, { path }, call) =>
      namespace.deregister(call.callerWithOrigin, { key: path, precondition: call.precondition }),
    map: removed,
  });
}
