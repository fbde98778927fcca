import { parseArgs } from 'node:util';
import { type ServeFlags, usageError } from './serve-options';

/** The flags of {@link ServeFlags} for `node:util`, so that the resident process does not load the command line's parser. */
const FLAGS = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  'cors-origin': { type: 'string', multiple: true },
  'namespace-domain': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'trusted-proxy': { type: 'boolean' },
  'log-level': { type: 'string' },
  'consul-port': { type: 'string' },
  'etcd-port': { type: 'string' },
  'etcd-client-ca': { type: 'string' },
  'nacos-port': { type: 'string' },
  supervised: { type: 'boolean' },
} as const;

/** Arguments of the resident process. */
export interface ServeArguments {
  flags: ServeFlags;
  /** True if the parent is a launcher: the process reports its start on standard output, and ends when the launcher does. */
  supervised: boolean;
}

/**
 * Formats flags as arguments of the resident process.
 *
 * @returns `serve`, then one word for each flag and its value, so that a value may begin with a dash.
 */
export function writeServeArguments({ flags, supervised }: ServeArguments): string[] {
  const words = ['serve'];
  const add = (name: keyof typeof FLAGS, value: string | undefined): void => {
    if (value !== undefined) words.push(`--${name}=${value}`);
  };
  add('host', flags.host);
  add('port', flags.port);
  add('data', flags.data);
  for (const origin of flags.corsOrigin ?? []) add('cors-origin', origin);
  add('namespace-domain', flags.namespaceDomain);
  add('tls-cert', flags.tlsCert);
  add('tls-key', flags.tlsKey);
  add('log-level', flags.logLevel);
  add('consul-port', flags.consulPort);
  add('etcd-port', flags.etcdPort);
  add('etcd-client-ca', flags.etcdClientCa);
  add('nacos-port', flags.nacosPort);
  if (flags.trustedProxy === true) words.push('--trusted-proxy');
  if (supervised) words.push('--supervised');
  return words;
}

/**
 * Parses the arguments of the resident process.
 *
 * @throws {LaunchError} with exit code 2 if an argument is unknown or lacks its value.
 */
export function readServeArguments(words: string[]): ServeArguments {
  const [command, ...rest] = words;
  if (command !== 'serve') {
    throw usageError(`The first argument must be serve, not ${JSON.stringify(command ?? '')}.`);
  }
  try {
    const { values } = parseArgs({ args: rest, options: FLAGS });
    return {
      flags: {
        port: values.port,
        host: values.host,
        data: values.data,
        corsOrigin: values['cors-origin'],
        namespaceDomain: values['namespace-domain'],
        tlsCert: values['tls-cert'],
        tlsKey: values['tls-key'],
        trustedProxy: values['trusted-proxy'],
        logLevel: values['log-level'],
        consulPort: values['consul-port'],
        etcdPort: values['etcd-port'],
        etcdClientCa: values['etcd-client-ca'],
        nacosPort: values['nacos-port'],
      },
      supervised: values.supervised === true,
    };
  } catch (error) {
    // The message names the argument and the problem.
    if (error instanceof TypeError) throw usageError(error.message);
    throw error;
  }
}
