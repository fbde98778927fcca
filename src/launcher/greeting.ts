import type { ServeOptions } from './serve-options';
import type { RunningRegistry } from './start-registry';

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/** Quotes a word for a shell, where it needs that. */
function shellWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What a shell puts the token in place of: the token itself is never shown. */
function tokenExpression(options: ServeOptions): string {
  if (options.rootToken !== undefined) return '$ROLLCALL_ROOT_TOKEN';
  const folder = options.data.endsWith('/') ? options.data : `${options.data}/`;
  return `$(cat ${shellWord(`${folder}root-token`)})`;
}

function whereTokenIs({ tokenPath, tokenMade }: RunningRegistry): string {
  if (tokenPath === null) return 'the one in ROLLCALL_ROOT_TOKEN';
  return tokenMade ? `${tokenPath} (made just now; keep it secret)` : tokenPath;
}

function howManyConnections(limit: number): string {
  return Number.isFinite(limit) ? `at most ${limit} at once, by the descriptor limit` : 'no descriptor limit';
}

/** What `rollcall serve` prints when the registry answers. No secret is in it. */
export function greeting(version: string, registry: RunningRegistry, options: ServeOptions): string {
  const lines = [
    `Rollcall ${version} answers on ${registry.url}`,
    '',
    `  data         ${registry.data}`,
    `  root token   ${whereTokenIs(registry)}`,
    `  connections  ${howManyConnections(registry.connectionLimit)}`,
    '',
    'Register an instance:',
    '',
    `  curl -X PUT '${registry.url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/orders-1' \\`,
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
