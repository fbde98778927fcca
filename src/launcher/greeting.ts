import type { ServeOptions } from './serve-options';
import { shellWord } from './shell-word';

/** A registry that answers, as a start tells of it. */
export interface Started {
  /** Where it answers, without a path: a loopback address if it listens on all of them. */
  readonly url: string;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Absolute path of the root token's file; null if the token was given. */
  readonly tokenPath: string | null;
  /** True if this start made the token. */
  readonly tokenMade: boolean;
  /** How many connections the descriptor limit allows; Infinity without a limit. */
  readonly connectionLimit: number;
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/** An expression that a shell replaces with the token: the token itself is never shown. */
function tokenExpression(options: ServeOptions): string {
  if (options.rootToken !== undefined) return '$ROLLCALL_ROOT_TOKEN';
  const folder = options.data.endsWith('/') ? options.data : `${options.data}/`;
  return `$(cat ${shellWord(`${folder}root-token`)})`;
}

function whereTokenIs({ tokenPath, tokenMade }: Started): string {
  if (tokenPath === null) return 'the one in ROLLCALL_ROOT_TOKEN';
  return tokenMade ? `${tokenPath} (made just now; keep it secret)` : tokenPath;
}

function howManyConnections(limit: number): string {
  return Number.isFinite(limit) ? `at most ${limit} at once, by the descriptor limit` : 'no descriptor limit';
}

/** Writes what a start prints when the registry answers. No secret is in it. */
export function greeting(version: string, started: Started, options: ServeOptions): string {
  const lines = [
    `Rollcall ${version} answers on ${started.url}`,
    '',
    `  data         ${started.data}`,
    `  root token   ${whereTokenIs(started)}`,
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
      `Note: ${options.host} can be reached over the network, unencrypted. Put a proxy in front that speaks TLS and`,
      'limits connections.',
      '',
    );
  }
  lines.push('Ctrl-C stops it.');
  return lines.join('\n');
}
