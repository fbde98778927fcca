import consoleFiles from '#console-files';
import { version } from '../package.json';
import { DIALECTS } from './dialects/dialects';
import { NamespaceObject as HostedNamespace } from './host/cloudflare/namespace-object';
import { workerPlatform } from './host/cloudflare/worker-platform';
import { type App, claimsOfDialects, createApp } from './http/app';
import { PlatformCache } from './http/cache/platform-cache';

export { DirectoryObject } from './host/cloudflare/directory-object';

/** The Durable Object of a namespace, with the claims of the dialects. */
export class NamespaceObject extends HostedNamespace {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, claimsOfDialects(DIALECTS));
  }
}

/** Builds the app of one isolate. */
function bind(env: Env): App {
  const { commit, ...platform } = workerPlatform(env);
  const sharedCache = new PlatformCache(caches.default, platform.now);
  return createApp({ ...platform, sharedCache, dialects: DIALECTS, consoleFiles, build: { version, commit } });
}

let app: App | undefined;

export default {
  fetch(request, env) {
    app ??= bind(env);
    return app.fetch(request);
  },
} satisfies ExportedHandler<Env>;
