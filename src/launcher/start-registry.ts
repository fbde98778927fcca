import { readFileSync } from 'node:fs';
import { residentBundle } from './bundle';
import { type CertificateFiles, readCertificate } from './certificate';
import { makeDataFolder } from './data-folder';
import type { Started } from './greeting';
import { freeNacosPort, freePort, urlOf } from './listening-address';
import { packageCommit } from './package';
import { residentCommand } from './resident-command';
import { type ResidentProcess, startResident } from './resident-process';
import { findRuntime, type RuntimeName } from './runtime';
import type { ServeFlags } from './serve-options';
import { Supervisor } from './supervisor';

/** Options of {@link startRegistry}. */
export interface RegistryOptions {
  /** The data folder; created if missing. */
  data: string;
  /** Address or host name to listen on; IPv6 without brackets. Default: 127.0.0.1. */
  host?: string | undefined;
  /** Port to listen on. Default: 0, any free port. */
  port?: number | undefined;
  /** Default: the token in the data folder, created on the first start. */
  rootToken?: string | undefined;
  /** Origins of pages that may call from a browser. Default: the variable `ROLLCALL_CORS_ORIGINS`. */
  corsOrigins?: string[] | undefined;
  /** The lowest level that is logged. Default: the variable `ROLLCALL_LOG_LEVEL`. */
  logLevel?: string | undefined;
  /** Clients of dialects reach a namespace at `<namespace>.<domain>`. Default: the variable `ROLLCALL_NAMESPACE_DOMAIN`. */
  namespaceDomain?: string | undefined;
  /** Certificate and key for TLS. Default: plain HTTP. */
  tls?: CertificateFiles | undefined;
  /** True if the last entry of `X-Forwarded-For` is the caller's address. Default: the variable `ROLLCALL_TRUSTED_PROXY`. */
  trustedProxy?: boolean | undefined;
  /** Port at which clients of Consul find it, with checks; 0 for any free port. Default: none. */
  consulPort?: number | undefined;
  /** Port at which clients of etcd find it; 0 for any free port. Default: none. */
  etcdPort?: number | undefined;
  /** File of the authority that signs the certificates of etcd's clients, which then need one. Default: they need none. */
  etcdClientCa?: string | undefined;
  /** Port at which clients of Nacos find it by HTTP, and 1,000 above it by gRPC; 0 for any free ones. Default: none. */
  nacosPort?: number | undefined;
  /** Absolute path of another built program, such as one with a planted defect. Default: the registry's own. */
  residentPath?: string | undefined;
  /** Default: Deno if it is found, else Node. */
  runtime?: RuntimeName | undefined;
  /** Additional environment variables for the process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Receives one line at a time: the output of the process, its restarts and warnings. No line contains a secret. */
  output?: ((line: string) => void) | undefined;
}

/** A running registry. */
export interface RunningRegistry extends Started {
  readonly rootToken: string;
  /** Id of the process that serves, or that served last. */
  readonly pid: number;
  /** Resolves after a stop; rejects with a {@link LaunchError} if the process kept dying. */
  readonly ended: Promise<void>;
  /** Kills the process with a signal, like a crash. Resolves when its replacement answers. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops the registry within five seconds, even with open connections, and releases the data folder. */
  stop(): Promise<void>;
}

function flagsOf(options: RegistryOptions, port: number): ServeFlags {
  const {
    data,
    host,
    corsOrigins: corsOrigin,
    namespaceDomain,
    logLevel,
    tls,
    consulPort,
    etcdPort,
    etcdClientCa,
    nacosPort,
  } = options;
  const files = { tlsCert: tls?.certPath, tlsKey: tls?.keyPath };
  const ports = {
    consulPort: textOf(consulPort),
    etcdPort: textOf(etcdPort),
    etcdClientCa,
    nacosPort: textOf(nacosPort),
  };
  return { data, host, port: String(port), corsOrigin, namespaceDomain, logLevel, ...files, ...ports };
}

const textOf = (port: number | undefined): string | undefined => (port === undefined ? undefined : String(port));

function environmentOf({ env, rootToken, trustedProxy }: RegistryOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...env,
    ...(trustedProxy === undefined ? {} : { ROLLCALL_TRUSTED_PROXY: String(trustedProxy) }),
    ROLLCALL_ROOT_TOKEN: rootToken,
    ROLLCALL_COMMIT: packageCommit(),
    DENO_NO_UPDATE_CHECK: '1',
    // The output goes to logs.
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  };
}

/**
 * Starts a registry on a data folder and resolves when it answers. The registry ends with this process at the latest.
 *
 * `rollcall serve`, the tests and the bench use it.
 *
 * @throws {LaunchError} if the folder is in use or can't be written, the token is too short, the port is taken, or no
 *   runtime is found.
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { host = '127.0.0.1', port = 0, output = () => {} } = options;
  // Checked before anything is created. Each launch prints its warnings, so none are printed here.
  const certificate = options.tls && readCertificate(options.tls, () => {}, Date.now());
  const runtime = findRuntime(options.runtime);
  // Created here, because the process may write inside the folder but not create the folders above it.
  const data = makeDataFolder(options.data);
  const residentPath = options.residentPath ?? (await residentBundle());
  const env = environmentOf(options);
  // Chosen once, so that they stay after a restart.
  const consulPort = options.consulPort === 0 ? await freePort(host) : options.consulPort;
  const etcdPort = options.etcdPort === 0 ? await freePort(host) : options.etcdPort;
  const nacosPort = options.nacosPort === 0 ? await freeNacosPort(host) : options.nacosPort;
  const launch = async (at: number, signal: AbortSignal): Promise<ResidentProcess> => {
    const flags = flagsOf({ ...options, consulPort, etcdPort, nacosPort }, at);
    return startResident(
      await residentCommand({ runtime, residentPath, flags, env, supervised: true }),
      env,
      output,
      signal,
    );
  };
  const supervisor = await Supervisor.start({ name: 'The registry', launch, port, say: output });
  const { tokenPath, tokenMade, connectionLimit } = supervisor.process.report;
  return {
    url: urlOf(host, supervisor.process.port, certificate),
    consulUrl: consulPort === undefined ? null : urlOf(host, consulPort, certificate),
    etcdUrl: etcdPort === undefined ? null : urlOf(host, etcdPort, certificate),
    nacosUrl: nacosPort === undefined ? null : urlOf(host, nacosPort, certificate),
    rootToken: tokenPath === null ? (options.rootToken ?? '') : readFileSync(tokenPath, 'utf8').trim(),
    tokenPath,
    tokenMade,
    data,
    connectionLimit: connectionLimit ?? Number.POSITIVE_INFINITY,
    get pid() {
      return supervisor.process.pid;
    },
    ended: supervisor.ended,
    kill: (signal) => supervisor.kill(signal),
    stop: () => supervisor.stop(),
  };
}
