import { version } from '../package.json';
import { DIALECTS } from './dialects/dialects';
import { addressOf } from './host/resident/listener/light-request';
import { type Listener, listen } from './host/resident/listener/listener';
import { ResidentPlatform } from './host/resident/resident-platform';
import { claimsOfDialects, createApp } from './http/app';

/** Settings of a registry in this process, checked. */
export interface RegistrySettings {
  /** Absolute path of the data folder, which is locked. */
  data: string;
  host: string;
  /** 0: a free one. */
  port: number;
  rootToken: string;
  trustedProxy: boolean;
  corsOrigins: readonly string[];
  logLevel: string;
  namespaceDomain: string | undefined;
  /** PEM texts; absent: plain HTTP. */
  tls: { cert: string; key: string } | undefined;
  commit: string | undefined;
  /** How many connections the descriptor limit allows; absent: no limit. */
  maxConnections: number | undefined;
}

/** A registry that answers. */
export interface ServingRegistry {
  readonly port: number;
  /** Lets running requests end, stores everything, and closes all files. */
  stop(graceMs: number): Promise<void>;
}

/** Where the built file of the checkpoint worker lies: beside this one. */
const CHECKPOINT_WORKER = new URL('./checkpoint-worker.js', import.meta.url);

/** Binds the rooms together: the app over the resident host, behind a listener. */
export async function startRegistry(
  settings: RegistrySettings,
  onLost: (reason: string) => void,
): Promise<ServingRegistry> {
  const writeLine = (line: string) => void process.stderr.write(`${line}\n`);
  const platform = await ResidentPlatform.start(
    { data: settings.data, logLevel: settings.logLevel, claimsOf: claimsOfDialects(DIALECTS), writeLine, onLost },
    CHECKPOINT_WORKER,
  );
  const app = createApp({
    ...platform.lent,
    addressOf,
    dialects: DIALECTS,
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
