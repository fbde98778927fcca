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
import { answered, asJson, done } from '../response/answers';
import { NAMESPACE_PATH, NAMESPACES_PATH } from './paths';

const NamespaceName = z.strictObject({ ns: NamespaceId });

/** Adds the routes of namespaces: batches, statistics, and their settings in the directory. */
export function addNamespaceRoutes(surface: Surface): void {
  route(surface, {
    operation: 'applyBatch',
    method: 'post',
    path: `${NAMESPACE_PATH}/batch`,
    scope: 'any',
    authorize: (principal, namespace, { body }) =>
      authorizeOperations(principal, namespace, body.operations, surface.claimsOf),
    chapter: 'Instances',
    summary: 'Change many instances atomically, as one revision',
    description:
      'Each operation takes the members of the single call and requires the same scope; `ifRevision` and `ifAbsent` are preconditions.',
    input: { body: Batch },
    bodyMaxBytes: BATCH_BODY_MAX_BYTES,
    answers: { 200: { description: 'Result of each operation, in request order', schema: BatchReport } },
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
    summary: 'Read the statistics of a namespace: contents, activity and cost',
    input: {},
    answers: { 200: { description: 'Current counts, and counters since the process started', schema: Stats } },
    call: (namespace, _input, call) => namespace.stats({ tokenId: call.tokenId }),
    map: answered,
  });

  directoryRoute(surface, {
    operation: 'listNamespaces',
    method: 'get',
    path: NAMESPACES_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'List the namespaces that the token has a grant on',
    input: { query: DirectoryPageQuery },
    answers: { 200: { description: 'Namespaces, sorted by id', schema: NamespaceList } },
    call: (directory, caller, { query }) => directory.listNamespaces(caller, query),
    map: (list) => asJson(list),
  });

  directoryRoute(surface, {
    operation: 'createNamespace',
    method: 'post',
    path: NAMESPACES_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Create a namespace',
    description:
      'Requires `admin` on all namespaces. Repeating the same definition changes nothing; a different one is a conflict.',
    input: { body: NamespaceDefinition },
    answers: {
      200: { description: 'Already existed, with the same definition', schema: NamespaceView },
      201: { description: 'Created', schema: NamespaceView },
    },
    example: { id: 'staging', title: 'Everything before production', limits: { instances: 1_000 } },
    call: (directory, caller, { body }) => directory.createNamespace(caller, body),
    map: ({ created, view }) => asJson(view, created ? { location: `${NAMESPACES_PATH}/${view.id}` } : {}),
  });

  directoryRoute(surface, {
    operation: 'readNamespace',
    method: 'get',
    path: NAMESPACE_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Read the settings of a namespace',
    description: 'Requires a grant on it; `metrics` alone is not enough.',
    input: { path: NamespaceName },
    answers: { 200: { description: 'The settings of the namespace', schema: NamespaceView } },
    call: (directory, caller, { path }) => directory.readNamespace(caller, path.ns),
    map: (view) => asJson(view),
  });

  directoryRoute(surface, {
    operation: 'patchNamespace',
    method: 'patch',
    path: NAMESPACE_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Change the settings of a namespace',
    description: 'Requires `admin` on it. A member replaces the previous value as a whole; null removes it.',
    input: { path: NamespaceName, body: NamespacePatch },
    answers: { 200: { description: 'The settings after the change', schema: NamespaceView } },
    example: { limits: { requestsPerSecond: 500, perToken: { sockets: 10 } } },
    call: (directory, caller, { path, body }) => directory.patchNamespace(caller, path.ns, body),
    map: (view) => asJson(view),
  });

  directoryRoute(surface, {
    operation: 'removeNamespace',
    method: 'delete',
    path: NAMESPACE_PATH,
    scope: 'any',
    chapter: 'Namespaces',
    summary: 'Remove a namespace',
    description:
      'Requires `admin` on all namespaces. Refused while the namespace holds anything; `force` permanently erases the ' +
      'contents, too. Also succeeds if there is no such namespace.',
    input: { path: NamespaceName, query: NamespaceRemovalQuery },
    answers: { 204: { description: 'Removed' } },
    call: (directory, caller, { path, query }) => directory.removeNamespace(caller, path.ns, query.force),
    map: done,
  });
}
