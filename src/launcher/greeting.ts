import type { ServeOptions } from './serve-options';
import { shellWord } from './shell-word';

/** A registry that has started, as the greeting describes it. */
export interface Started {
  /** URL without a path. It has a loopback address if the registry listens on all addresses. */
  readonly url: string;
  /** URL for clients of Consul; null if it has no port for them. */
  readonly consulUrl?: string | null;
  /** URL for clients of etcd; null if it has no port for them. */
  readonly etcdUrl?: string | null;
  /** URL for clients of Nacos, whose gRPC is on the port 1,000 above; null if it has no port for them. */
  readonly nacosUrl?: string | null;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Absolute path of the root token's file; null if the token was given. */
  readonly tokenPath: string | null;
  /** True if this start created the token. */
  readonly tokenMade: boolean;
  /** Number of connections that the descriptor limit allows; Infinity without a limit. */
  readonly connectionLimit: number;
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/** Returns a shell expression that expands to the token. The token itself is never printed. */
function tokenExpression(options: ServeOptions): string {
  if (options.rootToken !== undefined) return '$ROLLCALL_ROOT_TOKEN';
  const folder = options.data.endsWith('/') ? options.data : `${options.data}/`;
  return `$(cat ${shellWord(`${folder}root-token`)})`;
}

function tokenLocation({ tokenPath, tokenMade }: Started): string {
  if (tokenPath === null) return 'the one in ROLLCALL_ROOT_TOKEN';
  return tokenMade ? `${tokenPath} (new; keep it secret)` : tokenPath;
}

function howManyConnections(limit: number): string {
  return Number.isFinite(limit) ? `at most ${limit}, by the descriptor limit` : 'no descriptor limit';
}

/** Returns the text that a start prints once the registry answers. It contains no secret. */
export function greeting(version: string, started: Started, options: ServeOptions): string {
  const lines = [
    `Rollcall ${version} listens on ${started.url}`,
    '',
    `  console      ${started.url}/console`,
    ...(started.consulUrl == null ? [] : [`  Consul       ${started.consulUrl}`]),
    ...(started.etcdUrl == null ? [] : [`  etcd         ${started.etcdUrl}`]),
    ...(started.nacosUrl == null ? [] : [`  Nacos        ${started.nacosUrl}`]),
    `  data         ${started.data}`,
    `  root token   ${tokenLocation(started)}`,
    `  connections  ${howManyConnections(started.connectionLimit)}`,
    '',
    'Register an instance:',
    '',
    `  curl -X PUT '${started.url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/orders-1' \\`,
    `    -H "Authorization: Bearer ${tokenExpression(options)}" -H 'Content-Type: application/json' \\`,
    `    -d '{"address": "10.0.0.7", "port": 8080}'`,
    '',
  ];
  if (!LOOPBACK.test(options.host) && options.tls === undefined) {
    lines.push(
      `Note: ${options.host} can be reached over the network, unencrypted. Use --tls-cert and --tls-key, or a proxy that`,
      'speaks TLS.',
      '',
    );
  }
  lines.push('Press Ctrl-C to stop it.');
  return lines.join('\n');
}
