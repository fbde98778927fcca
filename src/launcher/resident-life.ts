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

/** Checked settings of a registry in this process. */
export interface RegistrySettings {
  /** Absolute path of the data folder, whose lock this process holds. */
  data: string;
  host: string;
  /** 0 for any free port. */
  port: number;
  rootToken: string;
  trustedProxy: boolean;
  corsOrigins: readonly string[];
  logLevel: string;
  namespaceDomain: string | undefined;
  /** Certificate chain and key in PEM; undefined for plain HTTP. */
  tls: { cert: string; key: string } | undefined;
  commit: string | undefined;
  /** Port at which clients of Consul find the registry; undefined: there is none, and no checks are run. */
  consulPort: number | undefined;
  /** Port at which clients of etcd find the registry; undefined: there is none. */
  etcdPort: number | undefined;
  /** Authority that signs the certificates of etcd's clients, in PEM; undefined: they need none. */
  etcdClientCa: string | undefined;
  /** Port at which clients of Nacos find the registry by HTTP, and 1,000 above it by gRPC; undefined: there is none. */
  nacosPort: number | undefined;
  /** Number of connections that the descriptor limit allows; undefined without a limit. */
  maxConnections: number | undefined;
  /** Number of idle namespaces that may stay open; undefined for the host's default. */
  awakeMaxCount: number | undefined;
}

/** A registry that answers. */
export interface ServingRegistry {
  readonly port: number;
  /** Port for clients of Consul; undefined without one. */
  readonly consulPort?: number | undefined;
  /** Port for clients of etcd; undefined without one. */
  readonly etcdPort?: number | undefined;
  /** Port for clients of Nacos; undefined without one. */
  readonly nacosPort?: number | undefined;
  /** Waits up to `graceMs` for running requests, stores everything, and closes all files. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts the registry in this process.
 *
 * @param onLost Called if the registry can't continue, such as after a failed flush. It ends the process.
 */
export type StartInProcess = (settings: RegistrySettings, onLost: (reason: string) => void) => Promise<ServingRegistry>;

/** Time for running requests to finish after a stop signal. */
const STOP_GRACE_MS = 3_000;

/** Time after a stop signal at which the process exits in any case. */
const STOP_MAX_MS = 4_000;

/** Descriptors reserved for files: a quarter of all, and at least 64. */
const FILE_DESCRIPTORS_SHARE = 4;
const FILE_DESCRIPTORS_MIN = 64;

/** Number of descriptors that an open namespace uses, and that everything else uses. */
const NAMESPACE_DESCRIPTORS = 5;
const OTHER_DESCRIPTORS = 40;

/** Returns how many idle namespaces may stay open. They get half of the descriptors for files; namespaces in use get the rest. */
const namespacesWithin = (files: number): number =>
  Math.max(1, (files - OTHER_DESCRIPTORS) / NAMESPACE_DESCRIPTORS / 2);

/** Returns the numbers that a descriptor limit allows; undefined ones if the limit is unknown or absent. */
function allowedBy(limit: string | undefined): Pick<RegistrySettings, 'maxConnections' | 'awakeMaxCount'> {
  const descriptors = Number(limit ?? '');
  if (!Number.isSafeInteger(descriptors) || descriptors <= 0) {
    return { maxConnections: undefined, awakeMaxCount: undefined };
  }
  const files = Math.max(FILE_DESCRIPTORS_MIN, Math.floor(descriptors / FILE_DESCRIPTORS_SHARE));
  return { maxConnections: Math.max(1, descriptors - files), awakeMaxCount: namespacesWithin(files) };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Explains a permission error of Deno, which means that the command was not made by `rollcall`. */
function lacksPermission(error: Error): LaunchError {
  return new LaunchError(
    `${error.message}. Start the registry with the command that \`rollcall serve --print-command\` prints.`,
    1,
    { cause: error },
  );
}

/** Reports why a start failed, to the launcher or the terminal, and ends the process. */
function refuse(error: unknown, supervised: boolean): never {
  const refusal = error instanceof Error && error.name === 'NotCapable' ? lacksPermission(error) : error;
  if (!(refusal instanceof LaunchError)) throw refusal;
  const { message, exitCode } = refusal;
  if (supervised) writeReport({ event: 'refused', message, exitCode });
  else say(message);
  process.exit(exitCode);
}

/** Ends the process on a stop signal or when its launcher ends. */
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
    // A terminal sends these to the launcher too, and the launcher decides.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
    // The launcher writes nothing to this pipe, which ends when the launcher does. Deno emits no `close` for it.
    for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => this.#end());
    process.stdin.resume();
  }

  /** Sets the lock to mark when the process begins to end. */
  holds(lock: DataLock): void {
    this.#lock = lock;
  }

  /** Sets the registry to stop when the process ends. */
  serves(registry: ServingRegistry): void {
    this.#registry = registry;
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    // Before the registry answers there is nothing to finish.
    if (this.#registry === undefined) process.exit(0);
    this.#lock?.markEnding();
    setTimeout(() => process.exit(0), STOP_MAX_MS);
    this.#registry.stop(STOP_GRACE_MS).then(
      () => process.exit(0),
      (error) => {
        say(`The registry failed to stop cleanly: ${error}`);
        process.exit(1);
      },
    );
  }
}

async function live({ flags, supervised }: ServeArguments, version: string, start: StartInProcess): Promise<void> {
  const options = parseServeOptions(flags, process.env);
  const ending = new Ending(supervised);
  const { host, port, corsOrigins, logLevel, namespaceDomain, trustedProxy, consulPort, etcdPort, nacosPort } = options;
  const certificate = options.tls && readCertificate(options.tls, say, Date.now());
  const data = prepareDataFolder(options.data);
  const lock = await DataLock.take(data, supervised ? process.ppid : null);
  ending.holds(lock);
  const token = rootToken(data, options.rootToken, say);
  const allowed = allowedBy(process.env.ROLLCALL_DESCRIPTOR_LIMIT);
  const { maxConnections } = allowed;
  const settings: RegistrySettings = {
    data,
    host,
    port,
    corsOrigins,
    logLevel,
    namespaceDomain,
    trustedProxy,
    consulPort,
    etcdPort,
    nacosPort,
    ...allowed,
    rootToken: token.token,
    tls: certificate && {
      cert: readFileSync(certificate.certPath, 'utf8'),
      key: readFileSync(certificate.keyPath, 'utf8'),
    },
    etcdClientCa: options.etcdClientCa === undefined ? undefined : readAuthority(options.etcdClientCa),
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
    const { port: at, consulPort: consulAt = null, etcdPort: etcdAt = null, nacosPort: nacosAt = null } = registry;
    const ports = { port: at, consulPort: consulAt, etcdPort: etcdAt, nacosPort: nacosAt };
    return writeReport({ event: 'listening', ...ports, connectionLimit, tokenPath, tokenMade });
  }
  const connectionLimit = maxConnections ?? Number.POSITIVE_INFINITY;
  const consulUrl = registry.consulPort === undefined ? null : urlOf(host, registry.consulPort, certificate);
  const etcdUrl = registry.etcdPort === undefined ? null : urlOf(host, registry.etcdPort, certificate);
  const nacosUrl = registry.nacosPort === undefined ? null : urlOf(host, registry.nacosPort, certificate);
  const url = urlOf(host, registry.port, certificate);
  const started = { url, consulUrl, etcdUrl, nacosUrl, data, tokenPath, tokenMade, connectionLimit };
  process.stdout.write(`${greeting(version, started, options)}\n`);
}

/** Reads the certificates of an authority. @throws {LaunchError} with the path if it can't. */
function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new LaunchError(`The file of --etcd-client-ca can't be read: ${path}.`, 1, { cause: error });
  }
}

/**
 * Runs the registry in this process until a signal stops it: reads the arguments and the environment, takes the lock, reads
 * the root token and the certificate, starts the registry, and reports that it answers.
 *
 * @param words Arguments of the process, starting with `serve`.
 * @param start Starts the registry with the checked settings.
 */
export async function liveAsResident(words: string[], version: string, start: StartInProcess): Promise<void> {
  const isSupervised = words.includes('--supervised');
  try {
    await live(readServeArguments(words), version, start);
  } catch (error) {
    refuse(error, isSupervised);
  }
}
