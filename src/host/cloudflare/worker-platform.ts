import { waitUntil } from 'cloudflare:workers';
import type { DirectoryApi, NamespaceEntry } from '../../model/directory-api';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { DirectoryReach } from './directory-reach';
import { KnownNamespaces, rememberingDirectory } from './known-namespaces';
import { directoryStubs, jurisdictionProblem, namespaceStubs } from './object-stubs';
import { remoteDirectory, remoteNamespace } from './remote-objects';
import { acceptSocket, remoteSockets } from './worker-sockets';

const now = () => Date.now();

/** Returns the Worker's platform for the app, one per isolate: access to the objects, sockets, and settings. */
export function workerPlatform(env: Env) {
  return {
    ...objectsOf(env),
    // A write to it fails once its reader has gone; writes to any other stream would go on for ever.
    openPipe: () => new IdentityTransformStream(),
    acceptSocket,
    fault: jurisdictionProblem(env),
    rootToken: env.ROLLCALL_ROOT_TOKEN,
    trustedProxy: env.ROLLCALL_TRUSTED_PROXY === 'true',
    corsOrigins: env.ROLLCALL_CORS_ORIGINS,
    logLevel: env.ROLLCALL_LOG_LEVEL,
    writeLog: (level: 'info' | 'warn' | 'error', line: string) => console[level](line),
    namespaceDomain: env.ROLLCALL_NAMESPACE_DOMAIN,
    commit: env.VERSION?.tag || env.ROLLCALL_COMMIT || undefined,
    now,
    waitUntil,
  };
}

/** Returns the directory and access to its namespaces. */
function objectsOf(env: Env) {
  const open = (id: string, { placement }: NamespaceEntry) => {
    const stubs = namespaceStubs(env, id, placement);
    return { calls: remoteNamespace(stubs), sockets: remoteSockets(stubs) };
  };
  const remote = remoteDirectory(directoryStubs(env));
  const { ask: askDirectory } = new DirectoryReach({ now, waitUntil });
  const known = new KnownNamespaces(remote, askDirectory, open, now);
  const directory: DirectoryApi = rememberingDirectory(remote, known);
  // `public` always exists, so no lookup in the directory is needed.
  let ofPublic: ReturnType<typeof open> | undefined;
  const openPublic = () => {
    ofPublic ??= open(DEFAULT_NAMESPACE, {});
    return ofPublic;
  };
  const namespaceOf = (id: string) => (id === DEFAULT_NAMESPACE ? openPublic() : known.of(id));
  return { namespaceOf, directory, askDirectory };
}
