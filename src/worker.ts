import consoleFiles from '#console-files';
import { version } from '../package.json';
import { DIALECTS } from './dialects/dialects';
import { DirectoryObject as HostedDirectory } from './host/cloudflare/directory-object';
import { NamespaceObject as HostedNamespace } from './host/cloudflare/namespace-object';
import { workerPlatform } from './host/cloudflare/worker-platform';
import { type App, claimsOfDialects, createApp } from './http/app';
import { PlatformCache } from './http/cache/platform-cache';
import { LAYOUT_KINDS, LAYOUTS } from './layouts/layouts';

/** The Durable Object of the directory, with the kinds of layouts that settings may name. */
export class DirectoryObject extends HostedDirectory {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, LAYOUT_KINDS);
  }
}

/** The Durable Object of a namespace, with the claims of the dialects and the layouts. */
export class NamespaceObject extends HostedNamespace {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, claimsOfDialects(DIALECTS), LAYOUTS);
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
