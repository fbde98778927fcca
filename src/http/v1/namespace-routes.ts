import * as z from 'zod';
import { authorizeOperations } from '../../auth/authorize';
import { Batch, BatchReport } from '../../model/batch';
import { BATCH_BODY_MAX_BYTES } from '../../model/limits';
import { NamespaceId } from '../../model/names';
import { NamespaceDefinition, NamespaceList, NamespacePatch, NamespaceView } from '../../model/namespace';
import { DirectoryPageQuery, NamespaceRemovalQuery } from '../../model/queries';
import { Stats } from '../../model/stats';
import { directoryRoute, route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered, done, told } from '../response/answers';
import { NAMESPACE_PATH, NAMESPACES_PATH } from './paths';

const NamespaceName = z.strictObject({ ns: NamespaceId });

/** Namespaces as a whole: what is done to one at once, which there are, and what each is set to. */
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

  directoryRoute(surface, {
    operation: 'listNamespaces',
    method: 'get',
    path: NAMESPACES_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'List the namespaces on which the token is good for anything',
    input: { query: DirectoryPageQuery },
    answers: { 200: { description: 'In the order of their ids', schema: NamespaceList } },
    call: (directory, caller, { query }) => directory.listNamespaces(caller, query),
    map: (list) => told(list),
  });

  directoryRoute(surface, {
    operation: 'createNamespace',
    method: 'post',
    path: NAMESPACES_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Make a namespace',
    description:
      'Needs `admin` on all namespaces. The same definition again changes nothing; another one is a conflict.',
    input: { body: NamespaceDefinition },
    answers: {
      200: { description: 'It was there, as it is defined', schema: NamespaceView },
      201: { description: 'It is new', schema: NamespaceView },
    },
    example: { id: 'staging', title: 'Everything before production', limits: { instances: 1_000 } },
    call: (directory, caller, { body }) => directory.createNamespace(caller, body),
    map: ({ created, view }) => told(view, created ? { location: `${NAMESPACES_PATH}/${view.id}` } : {}),
  });

  directoryRoute(surface, {
    operation: 'readNamespace',
    method: 'get',
    path: NAMESPACE_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Read what a namespace is set to',
    description: 'Needs any grant on it but one for `metrics`.',
    input: { path: NamespaceName },
    answers: { 200: { description: 'As it is', schema: NamespaceView } },
    call: (directory, caller, { path }) => directory.readNamespace(caller, path.ns),
    map: (view) => told(view),
  });

  directoryRoute(surface, {
    operation: 'patchNamespace',
    method: 'patch',
    path: NAMESPACE_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Change title, retention or limits of a namespace',
    description: 'Needs `admin` on it. A member replaces the one before as a whole; null takes it away.',
    input: { path: NamespaceName, body: NamespacePatch },
    answers: { 200: { description: 'As it is now', schema: NamespaceView } },
    example: { limits: { requestsPerSecond: 500, perToken: { sockets: 10 } } },
    call: (directory, caller, { path, body }) => directory.patchNamespace(caller, path.ns, body),
    map: (view) => told(view),
  });

  directoryRoute(surface, {
    operation: 'removeNamespace',
    method: 'delete',
    path: NAMESPACE_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Remove a namespace',
    description:
      'Needs `admin` on all namespaces. Refused while it holds anything, unless `force` erases that with it, for good. ' +
      'Also succeeds when there is none.',
    input: { path: NamespaceName, query: NamespaceRemovalQuery },
    answers: { 204: { description: 'There is none' } },
    call: (directory, caller, { path, query }) => directory.removeNamespace(caller, path.ns, query.force),
    map: done,
  });
}
