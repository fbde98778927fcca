import consoleFiles from '#console-files';
import { version } from '../package.json';
import { DIALECTS } from './dialects/dialects';
import { addressOf } from './host/resident/listener/light-request';
import { type Listener, listen } from './host/resident/listener/listener';
import { ResidentPlatform } from './host/resident/resident-platform';
import { claimsOfDialects, createApp } from './http/app';
import { LaunchError } from './launcher/launch-error';
import { liveAsResident, type RegistrySettings, type ServingRegistry } from './launcher/resident-life';
import { RegistryError } from './model/errors';

/** URL of the checkpoint worker's built file, in the same folder as this one. */
const CHECKPOINT_WORKER = new URL('./checkpoint-worker.js', import.meta.url);

/** Starts the registry: the app on the resident host, behind a listener. */
async function startRegistry(settings: RegistrySettings, onLost: (reason: string) => void): Promise<ServingRegistry> {
  const writeLine = (line: string) => void process.stderr.write(`${line}\n`);
  const platform = await ResidentPlatform.start(
    { ...settings, claimsOf: claimsOfDialects(DIALECTS), writeLine, onLost },
    CHECKPOINT_WORKER,
  ).catch((error: unknown) => {
    // A file is damaged or can't be opened: print the message without a stack.
    throw error instanceof RegistryError ? new LaunchError(error.message, 1, { cause: error }) : error;
  });
  const app = createApp({
    ...platform.appOptions,
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
  const listener: Listener = await listen({
    host: settings.host,
    port: settings.port,
    tls: settings.tls,
    answer: (request) => app.fetch(request),
    maxConnections: settings.maxConnections,
    log: platform.log,
  });
  return {
    port: listener.port,
    stop: async (graceMs) => {
      await listener.close(graceMs);
      await platform.close();
    },
  };
}

await liveAsResident(process.argv.slice(2), version, startRegistry);
