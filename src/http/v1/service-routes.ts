import { authorize } from '../../auth/authorize';
import { RecordQuery, ServiceListQuery, ServiceRemovalQuery } from '../../model/queries';
import { ServiceDefinition, ServiceList, ServicePatch, ServiceView } from '../../model/service';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered, read, removed, written } from '../response/answers';
import { NAMESPACE_PATH, NewServiceNames, SERVICE_PATH, ServiceNames } from './paths';

/** Adds the routes of services: their own settings, apart from their instances. */
export function addServiceRoutes(surface: Surface): void {
  route(surface, {
    operation: 'listServices',
    method: 'get',
    path: `${NAMESPACE_PATH}/services`,
    scope: 'read',
    authorize: (principal, namespace, { query }) => authorize(principal, 'read', { namespace, group: query.group }),
    chapter: 'Services',
    summary: 'List services, with counts of their instances',
    input: { query: ServiceListQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(query),
    answers: { 200: { description: 'Services, sorted by group and name', schema: ServiceList } },
    call: (namespace, { query }, call) => {
      const { consistency, maxAge, wait, ...command } = query;
      return call.read({
        freshness: { consistency, maxAge, wait },
        about: { group: query.group },
        ask: (options) => namespace.listServices({ ...command, ...options }),
      });
    },
    map: read,
  });

  route(surface, {
    operation: 'putService',
    method: 'put',
    path: SERVICE_PATH,
    scope: 'operate',
    chapter: 'Services',
    summary: 'Create a service, or replace its settings',
    description:
      'The first registration creates its service, too; a service created with this call stays when its last instance leaves.',
    input: { path: NewServiceNames, body: ServiceDefinition },
    conditional: 'change',
    answers: {
      200: { description: 'Existed already; replaced', schema: ServiceView },
      201: { description: 'Created', schema: ServiceView },
    },
    example: { protectThreshold: 0.5, metadata: { team: 'checkout' } },
    call: (namespace, { path, body }, call) =>
      namespace.putService(call.callerWithOrigin, { ...path, definition: body, precondition: call.precondition }),
    map: (service) => written(service),
  });

  route(surface, {
    operation: 'readService',
    method: 'get',
    path: SERVICE_PATH,
    scope: 'read',
    chapter: 'Services',
    summary: 'Read a service',
    input: { path: ServiceNames, query: RecordQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(query),
    answers: { 200: { description: 'The service, with counts of its instances', schema: ServiceView } },
    call: (namespace, { path, query }, call) =>
      call.read({
        freshness: query,
        about: { service: path },
        ask: (options) => namespace.readService({ ...path, ...options }),
      }),
    map: read,
  });

  route(surface, {
    operation: 'patchService',
    method: 'patch',
    path: SERVICE_PATH,
    scope: 'operate',
    chapter: 'Services',
    summary: 'Change metadata, protect threshold or selector of a service',
    description: '`metadata` is a merge patch: a value sets a key, null removes it, omitted keys stay.',
    input: { path: ServiceNames, body: ServicePatch },
    conditional: 'change',
    answers: { 200: { description: 'The service after the change', schema: ServiceView } },
    example: { protectThreshold: 0.8 },
    call: (namespace, { path, body }, call) =>
      namespace.patchService(call.callerWithOrigin, { ...path, patch: body, precondition: call.precondition }),
    map: answered,
  });

  route(surface, {
    operation: 'removeService',
    method: 'delete',
    path: SERVICE_PATH,
    scope: 'operate',
    chapter: 'Services',
    summary: 'Remove a service',
    description: 'Refused with 409 while it has instances; `?force` removes them too.',
    input: { path: ServiceNames, query: ServiceRemovalQuery },
    conditional: 'change',
    answers: { 204: { description: 'Removed' } },
    call: (namespace, { path, query }, call) =>
      namespace.removeService(call.callerWithOrigin, { ...path, force: query.force, precondition: call.precondition }),
    map: removed,
  });
}
