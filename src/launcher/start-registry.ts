import { join } from 'node:path';
import { workerBundle } from './bundle';
import { type Certificate, type CertificateFiles, hostToCall, readCertificate } from './certificate';
import { prepareDataFolder, STORAGE_NAME } from './data-folder';
import { DataLock } from './data-lock';
import type { LaunchError } from './launch-error';
import { packageCommit } from './package';
import { untilReady } from './readiness';
import { type RootToken, rootToken } from './root-token';
import { Supervisor } from './supervisor';
import { DIRECTORY_CLASS, NAMESPACE_CLASS, workerdConfig } from './workerd-config';
import { startWorkerd, type WorkerdProcess } from './workerd-process';

/** What workerd itself keeps open, with room for a few more objects. A connection takes two descriptors beside it. */
const RESERVED_DESCRIPTORS = 64;

/** How to run a registry. */
export interface RegistryOptions {
  /** The data folder; made where it is absent. */
  data: string;
  /** Address or host name to listen on; IPv6 without brackets. Default 127.0.0.1. */
  host?: string | undefined;
  /** Port to listen on. Default 0: a free one. */
  port?: number | undefined;
  /** Default: the one in the data folder, made on the first start. */
  rootToken?: string | undefined;
  /** Origins of pages that may call from a browser. Default: those of the variable `ROLLCALL_CORS_ORIGINS`. */
  corsOrigins?: string[] | undefined;
  /** The least grave lines that are logged. Default: that of the variable `ROLLCALL_LOG_LEVEL`. */
  logLevel?: string | undefined;
  /** Clients of dialects reach a namespace at `<namespace>.<domain>`. Default: the variable `ROLLCALL_NAMESPACE_DOMAIN`. */
  namespaceDomain?: string | undefined;
  /** What it speaks TLS with. Default: plain HTTP. */
  tls?: CertificateFiles | undefined;
  /** True: the last entry of `X-Forwarded-For` is the caller's address. Default: the variable `ROLLCALL_TRUSTED_PROXY`. */
  trustedProxy?: boolean | undefined;
  /** Absolute path of another bundled Worker with the same exports. Default: the registry. */
  workerPath?: string | undefined;
  /** Variables for workerd beside those of this process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Takes what happens, a line at a time: what workerd prints, its deaths, findings at the start. Never a secret. */
  output?: ((line: string) => void) | undefined;
}

/** A registry that runs. */
export interface RunningRegistry {
  /** Where it answers, without a path: a loopback address if it listens on all of them. */
  readonly url: string;
  readonly rootToken: string;
  /** Absolute path of the token's file; null if the token was given. */
  readonly tokenPath: string | null;
  /** True if this start made the token. */
  readonly tokenMade: boolean;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** How many connections the descriptor limit allows; Infinity without a limit. */
  readonly connectionLimit: number;
  /** Number of the process that serves, or served last. */
  readonly pid: number;
  /** Resolves after a stop; rejects with a {@link LaunchError} when workerd kept dying. */
  readonly ended: Promise<void>;
  /** Ends workerd with a signal, as a crash would; resolves when the one that replaces it answers. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops it, within five seconds, open connections or not, and gives the data folder free. */
  stop(): Promise<void>;
}

/** What the Worker reads of its environment. */
const VARIABLES = [
  'ROLLCALL_ROOT_TOKEN',
  'ROLLCALL_TRUSTED_PROXY',
  'ROLLCALL_CORS_ORIGINS',
  'ROLLCALL_LOG_LEVEL',
  'ROLLCALL_NAMESPACE_DOMAIN',
  'ROLLCALL_COMMIT',
  'ROLLCALL_ONE_MACHINE',
];

/** The configuration that runs the registry. Also for the bench, which starts it without a lock or a supervisor. */
export function registryConfig(modulePath: string, tls?: CertificateFiles): string {
  return workerdConfig({
    modulePath,
    objects: [NAMESPACE_CLASS, DIRECTORY_CLASS],
    bindings: VARIABLES.map((name) => ({ name, fromEnvironment: name })),
    tls,
  });
}

/** Where to reach what listens on a host: an address that stands for all of them can't be called. */
function callable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : /^[0:]+$/.test(host) ? '::1' : host;
}

function urlOf(host: string, port: number, certificate: Certificate | undefined): string {
  const scheme = certificate === undefined ? 'http' : 'https';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What every start of workerd on one data folder has in common. */
interface Setting {
  options: RegistryOptions;
  host: string;
  folder: string;
  lock: DataLock;
  token: string;
  config: string;
  certificate: Certificate | undefined;
  commit: string | undefined;
  output: (line: string) => void;
}

/** Starts one workerd on a locked folder, and waits until the registry in it answers. */
async function launch(setting: Setting, port: number, signal: AbortSignal): Promise<WorkerdProcess> {
  const { options, host, folder, lock, token, config, commit, output } = setting;
  // Read anew: workerd does so, too, and another certificate may lie there by now.
  const certificate = options.tls && readCertificate(options.tls, output, Date.now());
  const workerd = await startWorkerd({
    config,
    configPath: join(folder, 'workerd.capnp'),
    storage: join(folder, STORAGE_NAME),
    host,
    port,
    env: {
      ...process.env,
      ...options.env,
      ...(options.corsOrigins === undefined ? {} : { ROLLCALL_CORS_ORIGINS: options.corsOrigins.join(',') }),
      ...(options.logLevel === undefined ? {} : { ROLLCALL_LOG_LEVEL: options.logLevel }),
      ...(options.namespaceDomain === undefined ? {} : { ROLLCALL_NAMESPACE_DOMAIN: options.namespaceDomain }),
      ...(options.trustedProxy === undefined ? {} : { ROLLCALL_TRUSTED_PROXY: String(options.trustedProxy) }),
      ROLLCALL_COMMIT: commit ?? '',
      ROLLCALL_ROOT_TOKEN: token,
      ROLLCALL_ONE_MACHINE: 'true',
    },
    output,
    started: (pid) => lock.noteWorkerd(pid),
  });
  const gone = new AbortController();
  void workerd.ended.then(() => gone.abort());
  try {
    const probe = { url: urlOf(callable(host), workerd.port, certificate), token, leaf: certificate?.leaf };
    await untilReady(probe, AbortSignal.any([signal, gone.signal]));
  } catch (error) {
    workerd.kill('SIGKILL');
    await workerd.ended;
    throw error;
  }
  return workerd;
}

function running(supervisor: Supervisor<WorkerdProcess>, token: RootToken, setting: Setting): RunningRegistry {
  const { process: workerd } = supervisor;
  const { certificate } = setting;
  const host = callable(setting.host);
  return {
    url: urlOf(certificate === undefined ? host : hostToCall(certificate.leaf, host), workerd.port, certificate),
    rootToken: token.token,
    tokenPath: token.path,
    tokenMade: token.made,
    data: setting.folder,
    connectionLimit: Math.max(0, Math.floor((workerd.descriptorLimit - RESERVED_DESCRIPTORS) / 2)),
    get pid() {
      return supervisor.process.pid;
    },
    ended: supervisor.ended,
    kill: (signal) => supervisor.kill(signal),
    stop: async () => {
      await supervisor.stop();
      setting.lock.release();
    },
  };
}

/**
 * Starts a registry on a data folder and resolves when it answers. It ends with this process at the latest.
 *
 * `rollcall serve` runs on this; tests and the bench import it too, to have a real registry of their own.
 *
 * @throws {LaunchError} if the folder is in use or can't be written, the token is too short, the port is taken.
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { host = '127.0.0.1', port = 0, output = () => {} } = options;
  // What there is to say of it, each launch says.
  const certificate = options.tls && readCertificate(options.tls, () => {}, Date.now());
  const folder = prepareDataFolder(options.data);
  const lock = await DataLock.take(folder, output);
  try {
    const token = rootToken(folder, options.rootToken, output);
    const config = registryConfig(options.workerPath ?? (await workerBundle()), certificate);
    const commit = packageCommit();
    const setting: Setting = { options, host, folder, lock, token: token.token, config, certificate, commit, output };
    const supervisor = await Supervisor.start({
      name: 'workerd',
      launch: (at, signal) => launch(setting, at, signal),
      port,
      say: output,
    });
    return running(supervisor, token, setting);
  } catch (error) {
    lock.release();
    throw error;
  }
}
