import consoleFiles from '#console-files';
import { version } from '../package.json';
import { DIALECTS } from './dialects/dialects';
import { type HostChecks, startHostChecks } from './gateway/program/host-checks';
import { HOST_RUNNER } from './gateway/sources/door-calls';
import { addressOf } from './host/resident/listener/light-request';
import { type Listener, listen } from './host/resident/listener/listener';
import { ResidentPlatform } from './host/resident/resident-platform';
import { claimsOfDialects, createApp } from './http/app';
import { LaunchError } from './launcher/launch-error';
import { listenError } from './launcher/listening-address';
import { liveAsResident, type RegistrySettings, type ServingRegistry } from './launcher/resident-life';
import { LAYOUTS } from './layouts/layouts';
import { RegistryError } from './model/errors';
import type { ServiceKey } from './model/namespace-api';

/** URL of the checkpoint worker's built file, in the same folder as this one. */
const CHECKPOINT_WORKER = new URL('./checkpoint-worker.js', import.meta.url);

/** Starts the registry: the app on the resident host, behind a listener. */
async function startRegistry(settings: RegistrySettings, onLost: (reason: string) => void): Promise<ServingRegistry> {
  const writeLine = (line: string) => void process.stderr.write(`${line}\n`);
  const platform = await ResidentPlatform.start(
    { ...settings, claimsOf: claimsOfDialects(DIALECTS), layouts: LAYOUTS, writeLine, onLost },
    CHECKPOINT_WORKER,
  ).catch((error: unknown) => {
    // A file is damaged or can't be opened: print the message without a stack.
    throw error instanceof RegistryError ? new LaunchError(error.message, 1, { cause: error }) : error;
  });
  let checks: HostChecks | undefined;
  const app = createApp({
    ...platform.appOptions,
    ...(settings.consulPort === undefined
      ? {}
      : {
          checkRunner: HOST_RUNNER,
          checksChanged: (namespace: string, service?: ServiceKey) => checks?.changed(namespace, service),
        }),
    addressOf,
    dialects: DIALECTS,
    consoleFiles,
    rootToken: settings.rootToken,
    trustedProxy: settings.trustedProxy,
    corsOrigins: settings.corsOrigins.join(','),
    logLevel: settings.logLevel,
    writeLog: (_level, line) => writeLine(line),
    namespaceDomain: settings.namespaceDomain,
    build: { version, commit: settings.commit },
  });
  const { consulPort } = settings;
  const listenAt = (port: number, share: number): Promise<Listener> =>
    listen({
      host: settings.host,
      port,
      tls: settings.tls,
      answer: (request) => app.fetch(request),
      maxConnections: settings.maxConnections && Math.max(1, Math.floor(settings.maxConnections * share)),
      log: platform.log,
    });
  // The listeners share the descriptors.
  const share = consulPort === undefined ? 1 : 1 / 2;
  const listener = await listenAt(settings.port, share);
  if (consulPort === undefined) return serving(platform, [listener]);
  const consulListener = await listenAt(consulPort, share).catch((error: unknown) => {
    throw listenError(settings.host, consulPort, error, '--consul-port');
  });
  checks = startHostChecks({
    host: settings.host,
    trustedProxy: settings.trustedProxy,
    namespaceOf: platform.appOptions.namespaceOf,
    directory: platform.directory,
    rootToken: settings.rootToken,
    fetch: (request) => app.fetch(request),
    log: platform.log,
  });
  return { ...serving(platform, [listener, consulListener], checks), consulPort: consulListener.port };
}

/** Returns a registry that answers on listeners. It stops them first, and then what they use. */
function serving(platform: ResidentPlatform, listeners: readonly Listener[], checks?: HostChecks): ServingRegistry {
  return {
    port: listeners[0]?.port ?? 0,
    stop: async (graceMs) => {
      await Promise.all([checks?.close(), ...listeners.map((each) => each.close(graceMs))]);
      await platform.close();
    },
  };
}

await liveAsResident(process.argv.slice(2), version, startRegistry);
