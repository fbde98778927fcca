import { waitUntil } from 'cloudflare:workers';
import { version } from '../package.json';
import { DirectoryReach } from './auth/directory-reach';
import { eureka } from './dialects/eureka/eureka';
import { goMicro } from './dialects/go-micro/go-micro';
import { nacos } from './dialects/nacos/nacos';
import { acceptSocket } from './host/cloudflare/accept-socket';
import { directoryStubs, jurisdictionProblem } from './host/cloudflare/home-jurisdiction';
import { KnownNamespaces, rememberingDirectory } from './host/cloudflare/known-namespaces';
import { NamespaceObject as HostedNamespace } from './host/cloudflare/namespace-object';
import { namespaceStubs } from './host/cloudflare/namespace-stub';
import { remoteDirectory } from './host/cloudflare/remote-directory';
import { remoteNamespace } from './host/cloudflare/remote-namespace';
import { remoteSockets } from './host/cloudflare/remote-sockets';
import { type App, createApp } from './http/app';
import { PlatformCache } from './http/cache/platform-cache';
import { claimsOfDialects } from './http/pipeline/dialect';
import type { NamespaceWays } from './http/pipeline/request-context';
import type { NamespaceEntry } from './model/directory-api';
import { DEFAULT_NAMESPACE } from './model/given-names';

export { DirectoryObject } from './host/cloudflare/directory-object';

/** Doors for the clients of other registries. */
const DIALECTS = [goMicro, nacos, eureka];

/** The object of a namespace, with what it needs to know of dialects. */
export class NamespaceObject extends HostedNamespace {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, claimsOfDialects(DIALECTS));
  }
}

/** Binds the rooms together, for one isolate. */
function bind(env: Env): App {
  const ways = (id: string, { placement }: NamespaceEntry) => {
    const stubs = namespaceStubs(env, id, placement);
    return { calls: remoteNamespace(stubs), sockets: remoteSockets(stubs) };
  };
  const remote = remoteDirectory(directoryStubs(env));
  const now = () => Date.now();
  const { ask } = new DirectoryReach({ now, waitUntil });
  const known = new KnownNamespaces(remote, ask, ways, now);
  // It is always there, and the directory need not be asked.
  let ofPublic: NamespaceWays | undefined;
  const waysToPublic = () => {
    ofPublic ??= ways(DEFAULT_NAMESPACE, {});
    return ofPublic;
  };
  return createApp({
    namespaceOf: (id) => (id === DEFAULT_NAMESPACE ? waysToPublic() : known.of(id)),
    directory: rememberingDirectory(remote, known),
    askDirectory: ask,
    dialects: DIALECTS,
    // A write to it fails once its reader is gone; one to any other stream goes on for ever.
    openPipe: () => new IdentityTransformStream(),
    acceptSocket,
    fault: jurisdictionProblem(env),
    rootToken: env.ROLLCALL_ROOT_TOKEN,
    trustedProxy: env.ROLLCALL_TRUSTED_PROXY === 'true',
    corsOrigins: env.ROLLCALL_CORS_ORIGINS,
    logLevel: env.ROLLCALL_LOG_LEVEL,
    writeLog: (level, line) => console[level](line),
    namespaceDomain: env.ROLLCALL_NAMESPACE_DOMAIN,
    build: { version, commit: env.VERSION?.tag || env.ROLLCALL_COMMIT || undefined },
    now,
    sharedCache: new PlatformCache(caches.default, now),
    waitUntil,
  });
}

let app: App | undefined;

export default {
  fetch(request, env) {
    app ??= bind(env);
    return app.fetch(request);
  },
} satisfies ExportedHandler<Env>;
