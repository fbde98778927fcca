import { readFileSync } from 'node:fs';
import { readCertificate } from './certificate';
import { prepareDataFolder } from './data-folder';
import { DataLock } from './data-lock';
import { greeting } from './greeting';
import { LaunchError } from './launch-error';
import { writeReport } from './launch-report';
import { listenError, urlOf } from './listening-address';
import { rootToken } from './root-token';
import { readServeArguments, type ServeArguments } from './serve-arguments';
import { parseServeOptions } from './serve-options';
import { onStopSignal } from './stop-signals';

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
  /** How many namespaces may stay open although nothing is asked of them; absent: as many as the host finds good. */
  awakeMaxCount: number | undefined;
}

/** A registry that answers. */
export interface ServingRegistry {
  readonly port: number;
  /** Lets running requests end, stores everything, and closes all files. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts the registry in this process.
 *
 * @param onLost Called when it can't go on, such as after a failed flush: the process ends.
 */
export type StartInProcess = (settings: RegistrySettings, onLost: (reason: string) => void) => Promise<ServingRegistry>;

/** Running requests get this long to end after a stop signal. */
const STOP_GRACE_MS = 3_000;

/** The process ends this long after a stop signal, whatever still hangs. */
const STOP_MAX_MS = 4_000;

/** Descriptors that are left to files: this part of all, and at least so many. */
const FILE_DESCRIPTORS_SHARE = 4;
const FILE_DESCRIPTORS_MIN = 64;

/** Descriptors that a namespace takes while it is open, and those of everything else. */
const NAMESPACE_DESCRIPTORS = 5;
const OTHER_DESCRIPTORS = 40;

/** Namespaces that may stay open, by half of the descriptors of files; those that are used may take the rest. */
const namespacesWithin = (files: number): number =>
  Math.max(1, (files - OTHER_DESCRIPTORS) / NAMESPACE_DESCRIPTORS / 2);

/** Returns what a descriptor limit allows; nothing for a limit that is unknown, or none. */
function allowedBy(limit: string | undefined): Pick<RegistrySettings, 'maxConnections' | 'awakeMaxCount'> {
  const descriptors = Number(limit ?? '');
  if (!Number.isSafeInteger(descriptors) || descriptors <= 0) {
    return { maxConnections: undefined, awakeMaxCount: undefined };
  }
  const files = Math.max(FILE_DESCRIPTORS_MIN, Math.floor(descriptors / FILE_DESCRIPTORS_SHARE));
  return { maxConnections: Math.max(1, descriptors - files), awakeMaxCount: namespacesWithin(files) };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Explains what Deno refuses with: somebody has written the command of the process by hand. */
function lacksPermission(error: Error): LaunchError {
  return new LaunchError(
    `${error.message}. Start the registry with the command that \`rollcall serve --print-command\` prints.`,
    1,
    { cause: error },
  );
}

/** Tells why a start failed, to the launcher or at the terminal, and ends the process. */
function refuse(error: unknown, supervised: boolean): never {
  const refusal = error instanceof Error && error.name === 'NotCapable' ? lacksPermission(error) : error;
  if (!(refusal instanceof LaunchError)) throw refusal;
  const { message, exitCode } = refusal;
  if (supervised) writeReport({ event: 'refused', message, exitCode });
  else say(message);
  process.exit(exitCode);
}

/** Ends the process after a stop signal, or with its launcher. */
class Ending {
  #lock: DataLock | undefined;
  #registry: ServingRegistry | undefined;
  #isEnding = false;

  constructor(supervised: boolean) {
    if (!supervised) {
      onStopSignal(() => {
        if (this.#registry !== undefined) say('Stopping.');
        this.#end();
      });
      return;
    }
    process.on('SIGTERM', () => this.#end());
    // A terminal sends these to the launcher, too, which decides.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
    // The launcher never writes: this ends when the launcher does, however that came about. Deno emits no `close` of a socket.
    for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => this.#end());
    process.stdin.resume();
  }

  holds(lock: DataLock): void {
    this.#lock = lock;
  }

  serves(registry: ServingRegistry): void {
    this.#registry = registry;
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    // Before the registry answers there is nothing to end well.
    if (this.#registry === undefined) process.exit(0);
    this.#lock?.markEnding();
    setTimeout(() => process.exit(0), STOP_MAX_MS);
    this.#registry.stop(STOP_GRACE_MS).then(
      () => process.exit(0),
      (error) => {
        say(`The registry did not stop well: ${error}`);
        process.exit(1);
      },
    );
  }
}

async function live({ flags, supervised }: ServeArguments, version: string, start: StartInProcess): Promise<void> {
  const options = parseServeOptions(flags, process.env);
  const ending = new Ending(supervised);
  const { host, port, corsOrigins, logLevel, namespaceDomain, trustedProxy } = options;
  const certificate = options.tls && readCertificate(options.tls, say, Date.now());
  const data = prepareDataFolder(options.data);
  const lock = await DataLock.take(data, supervised ? process.ppid : null);
  ending.holds(lock);
  const token = rootToken(data, options.rootToken, say);
  const allowed = allowedBy(process.env.ROLLCALL_DESCRIPTOR_LIMIT);
  const { maxConnections } = allowed;
  const settings: RegistrySettings = {
    ...{ data, host, port, corsOrigins, logLevel, namespaceDomain, trustedProxy, ...allowed },
    rootToken: token.token,
    tls: certificate && {
      cert: readFileSync(certificate.certPath, 'utf8'),
      key: readFileSync(certificate.keyPath, 'utf8'),
    },
    commit: process.env.ROLLCALL_COMMIT || undefined,
  };
  const lost = (reason: string): void => {
    say(`${reason} The registry ends.`);
    process.exit(1);
  };
  const registry = await start(settings, lost).catch((error) => {
    throw listenError(host, port, error);
  });
  ending.serves(registry);
  const { path: tokenPath, made: tokenMade } = token;
  if (supervised) {
    const connectionLimit = maxConnections ?? null;
    return writeReport({ event: 'listening', port: registry.port, connectionLimit, tokenPath, tokenMade });
  }
  const connectionLimit = maxConnections ?? Number.POSITIVE_INFINITY;
  const started = { url: urlOf(host, registry.port, certificate), data, tokenPath, tokenMade, connectionLimit };
  process.stdout.write(`${greeting(version, started, options)}\n`);
}

/**
 * Runs the registry in this process until a signal stops it: reads the arguments and the environment, takes the lock, the
 * root token and the certificate, starts the registry, and tells that it answers.
 *
 * @param words Arguments of the process, `serve` first.
 * @param start Binds the rooms together.
 */
export async function liveAsResident(words: string[], version: string, start: StartInProcess): Promise<void> {
  const isSupervised = words.includes('--supervised');
  try {
    await live(readServeArguments(words), version, start);
  } catch (error) {
    refuse(error, isSupervised);
  }
}
