import { waitUntil } from 'cloudflare:workers';
import { version } from '../package.json';
import { remoteNamespace } from './host/remote-namespace';
import { remoteSockets } from './host/remote-sockets';
import { type App, createApp } from './http/app';
import { PlatformCache } from './http/platform-cache';
import { DEFAULT_NAMESPACE } from './model/names';

export { DirectoryObject } from './host/directory-object';
export { NamespaceObject } from './host/namespace-object';

/** Binds the rooms together, for one isolate. */
function bind(env: Env): App {
  // Until namespaces have a directory there is one, and no other name makes an object.
  // Its id is a digest of the name: made once, not for each call.
  const id = env.NAMESPACES.idFromName(DEFAULT_NAMESPACE);
  const stub = () => env.NAMESPACES.get(id);
  const namespace = remoteNamespace(stub);
  const sockets = remoteSockets(stub);
  return createApp({
    namespaceOf: (id) => (id === DEFAULT_NAMESPACE ? namespace : undefined),
    socketsOf: (id) => (id === DEFAULT_NAMESPACE ? sockets : undefined),
    // Until there is a directory there is no token but root's.
    directory: { verify: async () => null, redeemTicket: async () => null },
    // A write to it fails once its reader is gone; one to any other stream goes on for ever.
    openPipe: () => new IdentityTransformStream(),
    rootToken: env.ROLLCALL_ROOT_TOKEN,
    trustedProxy: env.ROLLCALL_TRUSTED_PROXY === 'true',
    build: { version, commit: env.VERSION?.tag || undefined },
    now: () => Date.now(),
    sharedCache: new PlatformCache(caches.default),
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
