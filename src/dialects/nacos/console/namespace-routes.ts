import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { RegistryError } from '../../../model/errors';
import { answer, restResult, result } from '../wire/answers';
import { Parameters } from '../wire/parameters';
import {
  createNamespace,
  findNamespace,
  listedNamespaces,
  missingNamespace,
  type NamespaceRequest,
  namespaceIdOf,
  removeNamespace,
  renameNamespace,
  shownNamespace,
} from './namespaces';

const V1 = '/nacos/v1/console/namespaces';

/** Returns a v1 response, in which every failure is `false`. */
const truth = (fault: RegistryError | undefined): Response => answer(fault === undefined);

/** Returns a response of v2 and later, in which a failure is an error with its reason. */
function done(fault: RegistryError | undefined): Response {
  if (fault !== undefined) throw fault;
  return result(true);
}

/** Adds the namespace routes for consoles up to Nacos 2.5. Parameters have different names in each, as in Nacos. */
function addV1Routes(door: DialectDoor): void {
  door.directoryRoute({
    operation: 'v1 namespaces',
    method: 'get',
    paths: [V1],
    summary: 'Lists namespaces, reads one, or reports whether one exists',
    read: (request, _, form) => Parameters.of(request, form),
    call: async (directory, caller, parameters) => {
      if (parameters.flag('checkNamespaceIdExist')) {
        const id = parameters.text('customNamespaceId');
        return answer(id !== '' && (await findNamespace(directory, caller, id)) !== undefined);
      }
      if (parameters.text('show') === 'all') {
        const id = parameters.text('namespaceId');
        const view = await findNamespace(directory, caller, id);
        if (view === undefined) throw missingNamespace(id);
        return answer(shownNamespace(view, ''));
      }
      const views = await listedNamespaces(directory, caller);
      return restResult(views.map((view) => shownNamespace(view, '')));
    },
    answer: (response) => response,
  });

  door.directoryRoute({
    operation: 'v1 create namespace',
    method: 'post',
    paths: [V1],
    summary: 'Creates a namespace',
    read: (request, _, form) => requestOf(Parameters.of(request, form), 'customNamespaceId', 'namespaceName'),
    call: createNamespace,
    answer: truth,
  });

  door.directoryRoute({
    operation: 'v1 rename namespace',
    method: 'put',
    paths: [V1],
    summary: 'Renames a namespace',
    read: (request, _, form) => requestOf(Parameters.of(request, form), 'namespace', 'namespaceShowName'),
    call: renameNamespace,
    answer: truth,
  });

  door.directoryRoute({
    operation: 'v1 remove namespace',
    method: 'delete',
    paths: [V1],
    summary: 'Removes an empty namespace',
    read: (request, _, form) => Parameters.of(request, form).required('namespaceId'),
    call: removeNamespace,
    answer: truth,
  });
}

const requestOf = (parameters: Parameters, id: string, name: string): NamespaceRequest => ({
  id: parameters.text(id),
  name: parameters.required(name),
});

/** Path of the namespaces of a version, and its id of the public namespace. */
interface Place {
  version: 'v2' | 'v3';
  path: string;
  publicId: '' | 'public';
}

function addWrappedRoutes(door: DialectDoor, { version, path, publicId }: Place): void {
  door.directoryRoute({
    operation: `${version} namespaces`,
    method: 'get',
    paths: [`${path}/list`],
    summary: 'Lists namespaces',
    read: () => undefined,
    call: listedNamespaces,
    answer: (views) => result(views.map((view) => shownNamespace(view, publicId))),
  });

  door.directoryRoute({
    operation: `${version} namespace`,
    method: 'get',
    paths: [path],
    summary: 'Reads a namespace',
    read: (request, _, form) => Parameters.of(request, form).text('namespaceId'),
    call: findNamespace,
    answer: (view, id) => {
      if (view === undefined) throw missingNamespace(namespaceIdOf(id));
      return result(shownNamespace(view, publicId));
    },
  });

  door.directoryRoute({
    operation: `${version} create namespace`,
    method: 'post',
    paths: [path],
    summary: 'Creates a namespace',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return requestOf(
        parameters,
        parameters.text('customNamespaceId') ? 'customNamespaceId' : 'namespaceId',
        'namespaceName',
      );
    },
    call: createNamespace,
    answer: done,
  });

  door.directoryRoute({
    operation: `${version} rename namespace`,
    method: 'put',
    paths: [path],
    summary: 'Renames a namespace',
    read: (request, _, form) => requestOf(Parameters.of(request, form), 'namespaceId', 'namespaceName'),
    call: renameNamespace,
    answer: done,
  });

  door.directoryRoute({
    operation: `${version} remove namespace`,
    method: 'delete',
    paths: [path],
    summary: 'Removes an empty namespace',
    read: (request, _, form) => Parameters.of(request, form).required('namespaceId'),
    call: removeNamespace,
    answer: done,
  });
}

/** Adds the namespace routes for consoles of all versions. */
export function addNamespaceRoutes(door: DialectDoor): void {
  addV1Routes(door);
  addWrappedRoutes(door, { version: 'v2', path: '/nacos/v2/console/namespace', publicId: '' });
  const v3 = '/nacos/v3/admin/core/namespace';
  addWrappedRoutes(door, { version: 'v3', path: v3, publicId: 'public' });
  door.directoryRoute({
    operation: 'v3 count namespaces',
    method: 'get',
    paths: [`${v3}/check`],
    summary: 'Counts the namespaces with an id: one or none',
    read: (request, _, form) => Parameters.of(request, form).required('namespaceId'),
    call: findNamespace,
    answer: (view) => result(view === undefined ? 0 : 1),
  });
}
