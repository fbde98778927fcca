import { dirname, resolve } from 'node:path';
import { addressOf, addressWithPort, callable, freeNacosPort, freePort } from './listening-address';
import type { Runtime } from './runtime';
import { writeServeArguments } from './serve-arguments';
import { NACOS_GRPC_OFFSET, parseServeOptions, type ServeFlags } from './serve-options';

/** Environment variables that the resident process may read: those of {@link parseServeOptions} and those set by the launcher. */
const VARIABLES = [
  'PORT',
  'ROLLCALL_DATA',
  'ROLLCALL_ROOT_TOKEN',
  'ROLLCALL_CORS_ORIGINS',
  'ROLLCALL_NAMESPACE_DOMAIN',
  'ROLLCALL_TLS_CERT',
  'ROLLCALL_TLS_KEY',
  'ROLLCALL_TRUSTED_PROXY',
  'ROLLCALL_LOG_LEVEL',
  'ROLLCALL_CONSUL_PORT',
  'ROLLCALL_ETCD_PORT',
  'ROLLCALL_ETCD_CLIENT_CA',
  'ROLLCALL_NACOS_PORT',
  'ROLLCALL_COMMIT',
  'ROLLCALL_DESCRIPTOR_LIMIT',
];

/**
 * Option of V8 that bounds the young generation, in MiB. With the default of 16 the process keeps 40 MiB more after any load and
 * handles no request faster: see design/speed.md.
 */
export const V8_MEMORY_OPTION = '--max-semi-space-size=4';

/** Options of `deno run`: ignore config and lock files nearby, download nothing, and deny permissions without a prompt. */
export const DENO_OPTIONS = ['--no-config', '--no-lock', '--no-remote', '--no-npm', '--no-prompt'] as const;

/** Options of Node, whose `node:sqlite` prints a warning. */
export const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning'] as const;

/** Parameters of {@link residentCommand}. */
export interface ResidentCommand {
  runtime: Runtime;
  /** Absolute path of the built file. The files it loads are in the same folder. */
  residentPath: string;
  flags: ServeFlags;
  env: NodeJS.ProcessEnv;
  /** True if the parent of the process is a launcher. */
  supervised: boolean;
}

/** Formats paths for a Deno permission, in which commas are doubled. */
function pathList(paths: readonly string[]): string {
  return paths.map((path) => path.replaceAll(',', ',,')).join(',');
}

/** Returns where a process that listens on a host listens, and where it reaches itself. */
const addressesOf = (host: string, port: number): string[] =>
  [...new Set([host, callable(host)])].map((each) => addressWithPort(each, port));

/**
 * Returns the program and the arguments of the resident process, and under Deno its permissions: its listener, its data
 * folder, its own files and certificate, named variables, and nothing else. A registry that runs checks may connect to any
 * host: instances are anywhere. It also reads the addresses of this machine.
 *
 * All paths are absolute and the host is an address, since the process may neither read its working folder nor resolve names.
 *
 * @throws {LaunchError} if an option is wrong, or the host name is unknown.
 */
export async function residentCommand(command: ResidentCommand): Promise<string[]> {
  const { runtime, residentPath, flags, env, supervised } = command;
  const options = parseServeOptions(flags, env);
  const [data, host] = [resolve(options.data), await addressOf(options.host)];
  const tls = options.tls && { tlsCert: resolve(options.tls.certPath), tlsKey: resolve(options.tls.keyPath) };
  // Deno's permission to connect to the process's own port needs the number.
  const port = options.port === 0 && runtime.name === 'deno' ? await freePort(host) : options.port;
  const etcdPort = options.etcdPort === 0 && runtime.name === 'deno' ? await freePort(host) : options.etcdPort;
  const etcdClientCa = options.etcdClientCa && resolve(options.etcdClientCa);
  const etcd = { ...(etcdPort !== undefined && { etcdPort: String(etcdPort) }), etcdClientCa };
  const nacosPort = options.nacosPort === 0 ? await freeNacosPort(host) : options.nacosPort;
  const nacos = nacosPort === undefined ? {} : { nacosPort: String(nacosPort) };
  const absolute: ServeFlags = { ...flags, host, port: String(port), data, ...tls, ...etcd, ...nacos };
  const words = [residentPath, ...writeServeArguments({ flags: absolute, supervised })];
  if (runtime.name === 'node') {
    return [runtime.program, V8_MEMORY_OPTION, ...NODE_OPTIONS, ...words];
  }
  const readable = [data, dirname(residentPath), ...Object.values(tls ?? {}), ...(etcdClientCa ? [etcdClientCa] : [])];
  const nacosPorts = nacosPort === undefined ? [] : [nacosPort, nacosPort + NACOS_GRPC_OFFSET];
  const listening = [port, ...(etcdPort === undefined ? [] : [etcdPort]), ...nacosPorts];
  return [
    runtime.program,
    'run',
    ...DENO_OPTIONS,
    `--v8-flags=${V8_MEMORY_OPTION}`,
    ...(options.consulPort === undefined
      ? // The listener connects to itself to check that it still accepts: see accept-watch.ts of the resident host.
        [`--allow-net=${listening.flatMap((each) => addressesOf(host, each)).join(',')}`]
      : ['--allow-net', '--allow-sys=networkInterfaces']),
    `--allow-read=${pathList(readable)}`,
    `--allow-write=${pathList([data])}`,
    `--allow-env=${VARIABLES.join(',')}`,
    ...words,
  ];
}
