import { isIPv6 } from 'node:net';
import type { CertificateFiles } from './certificate';
import { LaunchError } from './launch-error';

/** Names of the log levels. A test keeps them equal to the registry's own. */
export const LOG_LEVELS = ['off', 'error', 'warn', 'info'];

/** Parsed options of `rollcall serve`. */
export interface ServeOptions {
  host: string;
  port: number;
  data: string;
  rootToken: string | undefined;
  corsOrigins: string[];
  namespaceDomain: string | undefined;
  tls: CertificateFiles | undefined;
  trustedProxy: boolean;
  logLevel: string;
  /** Port at which clients of Consul find the registry, and with it checks are run; undefined: neither. */
  consulPort: number | undefined;
  /** Port at which clients of etcd find the registry, by gRPC and by JSON; undefined: there is none. */
  etcdPort: number | undefined;
  /** File of the authority that signs the certificates of etcd's clients; undefined: they need none. */
  etcdClientCa: string | undefined;
  /** Port at which clients of Nacos find the registry by HTTP, and 1,000 above it by gRPC; undefined: neither. */
  nacosPort: number | undefined;
}

/** Options of `rollcall serve` as given on the command line. */
export interface ServeFlags {
  host?: string | undefined;
  port?: string | undefined;
  data?: string | undefined;
  corsOrigin?: string[] | undefined;
  namespaceDomain?: string | undefined;
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  trustedProxy?: boolean | undefined;
  logLevel?: string | undefined;
  consulPort?: string | undefined;
  etcdPort?: string | undefined;
  etcdClientCa?: string | undefined;
  nacosPort?: string | undefined;
}

/** Returns the error for wrong arguments, with exit code 2. */
export function usageError(message: string): LaunchError {
  return new LaunchError(`${message}\nSee: rollcall serve --help`, 2);
}

/** Parses a port that is optional. @param option Name of the flag; `variable` is that of the environment. */
function parseOptionalPort(
  flag: string | undefined,
  option: string,
  env: NodeJS.ProcessEnv,
  variable: string,
): number | undefined {
  if (flag !== undefined) return parsePort(flag, option);
  const text = env[variable];
  return text === undefined || text === '' ? undefined : parsePort(text, variable);
}

function parsePort(text: string, source: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw usageError(`${source} must be a port from 0 to 65535, not ${JSON.stringify(text)}.`);
}

/** Parses an address or a host name. An IPv6 address may have brackets, as in a URL. */
function parseHost(text: string): string {
  const host = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIPv6(host) || /^[A-Za-z0-9._-]+$/.test(host)) return host;
  throw usageError(`--host must be an address or a host name, not ${JSON.stringify(text)}.`);
}

function parseFolder(text: string, source: string): string {
  if (text !== '') return text;
  throw usageError(`${source} must name a folder, but it is empty.`);
}

/** Returns the data folder: that of the option, else that of the environment, else `data` in the working folder. */
export function dataFolderOf(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  return flag === undefined ? parseFolder(env.ROLLCALL_DATA ?? 'data', 'ROLLCALL_DATA') : parseFolder(flag, '--data');
}

/** Parses origins by the same rule as the registry; a test keeps the two equal. */
function parseOrigins(texts: string[], source: string): string[] {
  for (const text of texts) {
    const isOrigin =
      !text.includes('*') && URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
    if (isOrigin) continue;
    const message = `${source} must be an origin in the form that browsers send, such as https://console.example.com`;
    throw usageError(`${message}, not ${JSON.stringify(text)}.`);
  }
  return texts;
}

/** Matches a host name in any case. A test keeps it equal to the registry's own rule. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

function parseDomain(text: string | undefined, source: string): string | undefined {
  if (text === undefined || text === '' || DOMAIN.test(text)) return text || undefined;
  throw usageError(`${source} must be a host name such as registry.example.com, not ${JSON.stringify(text)}.`);
}

/** Parses the TLS options, which must be given together. */
function parseTls(flags: ServeFlags, env: NodeJS.ProcessEnv): CertificateFiles | undefined {
  const certPath = flags.tlsCert ?? env.ROLLCALL_TLS_CERT;
  const keyPath = flags.tlsKey ?? env.ROLLCALL_TLS_KEY;
  if (certPath && keyPath) return { certPath, keyPath };
  if (!certPath && !keyPath) return undefined;
  throw usageError('--tls-cert and --tls-key belong together: give both or neither.');
}

function parseTrustedProxy(text: string | undefined): boolean {
  if (text === undefined || text === '' || text === 'false') return false;
  if (text === 'true') return true;
  throw usageError(`ROLLCALL_TRUSTED_PROXY must be true or false, not ${JSON.stringify(text)}.`);
}

function parseLogLevel(text: string, source: string): string {
  if (LOG_LEVELS.includes(text)) return text;
  throw usageError(`${source} must be one of ${LOG_LEVELS.join(', ')}, not ${JSON.stringify(text)}.`);
}

/**
 * Parses the options of `rollcall serve`. A flag overrides the environment, which overrides the default.
 *
 * @throws {LaunchError} with exit code 2, naming the option and its wrong value.
 */
export function parseServeOptions(flags: ServeFlags, env: NodeJS.ProcessEnv): ServeOptions {
  const port = flags.port === undefined ? parsePort(env.PORT ?? '8787', 'PORT') : parsePort(flags.port, '--port');
  const corsOrigins =
    flags.corsOrigin === undefined
      ? parseOrigins((env.ROLLCALL_CORS_ORIGINS ?? '').split(/[\s,]+/).filter(Boolean), 'ROLLCALL_CORS_ORIGINS')
      : parseOrigins(flags.corsOrigin, '--cors-origin');
  const namespaceDomain =
    flags.namespaceDomain === undefined
      ? parseDomain(env.ROLLCALL_NAMESPACE_DOMAIN, 'ROLLCALL_NAMESPACE_DOMAIN')
      : parseDomain(flags.namespaceDomain, '--namespace-domain');
  return {
    host: parseHost(flags.host ?? '127.0.0.1'),
    port,
    data: dataFolderOf(flags.data, env),
    rootToken: env.ROLLCALL_ROOT_TOKEN,
    corsOrigins,
    namespaceDomain,
    tls: parseTls(flags, env),
    trustedProxy: flags.trustedProxy ?? parseTrustedProxy(env.ROLLCALL_TRUSTED_PROXY),
    logLevel:
      flags.logLevel === undefined
        ? parseLogLevel(env.ROLLCALL_LOG_LEVEL || 'warn', 'ROLLCALL_LOG_LEVEL')
        : parseLogLevel(flags.logLevel, '--log-level'),
    consulPort: parseOptionalPort(flags.consulPort, '--consul-port', env, 'ROLLCALL_CONSUL_PORT'),
    etcdPort: parseOptionalPort(flags.etcdPort, '--etcd-port', env, 'ROLLCALL_ETCD_PORT'),
    etcdClientCa: parseClientCa(flags, env),
    nacosPort: parseNacosPort(flags, env),
  };
}

/** Distance of the port for gRPC from that for HTTP. Nacos' clients know only the latter. */
export const NACOS_GRPC_OFFSET = 1_000;

function parseNacosPort(flags: ServeFlags, env: NodeJS.ProcessEnv): number | undefined {
  const port = parseOptionalPort(flags.nacosPort, '--nacos-port', env, 'ROLLCALL_NACOS_PORT');
  const most = 65_535 - NACOS_GRPC_OFFSET;
  if (port === undefined || port <= most) return port;
  throw usageError(`--nacos-port must be at most ${most}, not ${port}: gRPC is served on the port 1000 above it.`);
}

/** Parses the file of an authority, which can verify clients only where they speak TLS. */
function parseClientCa(flags: ServeFlags, env: NodeJS.ProcessEnv): string | undefined {
  const path = (flags.etcdClientCa ?? env.ROLLCALL_ETCD_CLIENT_CA) || undefined;
  if (path === undefined || parseTls(flags, env) !== undefined) return path;
  throw usageError('--etcd-client-ca needs --tls-cert and --tls-key: certificates of clients are part of TLS.');
}
