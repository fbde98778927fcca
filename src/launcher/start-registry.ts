import { readFileSync } from 'node:fs';
import { residentBundle } from './bundle';
import { type CertificateFiles, readCertificate } from './certificate';
import { makeDataFolder } from './data-folder';
import type { Started } from './greeting';
import { urlOf } from './listening-address';
import { packageCommit } from './package';
import { residentCommand } from './resident-command';
import { type ResidentProcess, startResident } from './resident-process';
import { findRuntime, type RuntimeName } from './runtime';
import type { ServeFlags } from './serve-options';
import { Supervisor } from './supervisor';

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
  /** Absolute path of another built file, such as one with a planted defect, with what it loads beside it. Default: the registry's. */
  residentPath?: string | undefined;
  /** The runtime. Default: Deno where there is one, else Node. */
  runtime?: RuntimeName | undefined;
  /** Variables for the process beside those of this one. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Takes what happens, a line at a time: what the process prints, its deaths, findings at the start. Never a secret. */
  output?: ((line: string) => void) | undefined;
}

/** A registry that runs. */
export interface RunningRegistry extends Started {
  readonly rootToken: string;
  /** Number of the process that serves, or served last. */
  readonly pid: number;
  /** Resolves after a stop; rejects with a {@link LaunchError} when the process kept dying. */
  readonly ended: Promise<void>;
  /** Ends the process with a signal, as a crash would; resolves when the one that replaces it answers. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops it, within five seconds, open connections or not, and gives the data folder free. */
  stop(): Promise<void>;
}

function flagsOf(options: RegistryOptions, port: number): ServeFlags {
  const { data, host, corsOrigins: corsOrigin, namespaceDomain, logLevel, tls } = options;
  const files = { tlsCert: tls?.certPath, tlsKey: tls?.keyPath };
  return { data, host, port: String(port), corsOrigin, namespaceDomain, logLevel, ...files };
}

function environmentOf({ env, rootToken, trustedProxy }: RegistryOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...env,
    ...(trustedProxy === undefined ? {} : { ROLLCALL_TRUSTED_PROXY: String(trustedProxy) }),
    ROLLCALL_ROOT_TOKEN: rootToken,
    ROLLCALL_COMMIT: packageCommit(),
    DENO_NO_UPDATE_CHECK: '1',
    // What it prints goes to logs.
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  };
}

/**
 * Starts a registry on a data folder and resolves when it answers. It ends with this process at the latest.
 *
 * `rollcall serve` runs on this; tests and the bench import it too, to have a real registry of their own.
 *
 * @throws {LaunchError} if the folder is in use or can't be written, the token is too short, the port is taken, or no
 *   runtime is here.
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { host = '127.0.0.1', port = 0, output = () => {} } = options;
  // Checked before anything is made. What there is to say of it, each launch says.
  const certificate = options.tls && readCertificate(options.tls, () => {}, Date.now());
  const runtime = findRuntime(options.runtime);
  // Made here: the process is allowed to write in it, but not to make the folders above.
  const data = makeDataFolder(options.data);
  const residentPath = options.residentPath ?? (await residentBundle());
  const env = environmentOf(options);
  const launch = async (at: number, signal: AbortSignal): Promise<ResidentProcess> => {
    const flags = flagsOf(options, at);
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
