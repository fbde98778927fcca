import { expect, it } from 'vitest';
import consoleFiles from '#console-files';
import { createApp } from '../../src/http/app';
import type { RouteCard } from '../../src/http/pipeline/route-card';
import type { DirectoryApi } from '../../src/model/directory-api';
import { etagOf, type Home, NS, serviceAt } from '../fixtures/home';
import { recordedClient } from '../fixtures/recorded-client';

/**
 * Provokes every successful answer in the document on the real registry, and compares it with the schema from which the
 * document is generated. An undocumented member is a failure, as is a missing one.
 */
export function openapiAnswersSuite({ ask, ns }: Home): void {
  const { routes } = createApp({
    namespaceOf: () => undefined,
    directory: {} as DirectoryApi, // `as`: only the routes of this app are used
    askDirectory: (question) => question(),
    openPipe: () => new TransformStream(),
    acceptSocket: recordedClient([]),
    rootToken: null,
    writeLog: () => {},
    build: { version: '0' },
    now: () => 0,
  });
  const S = serviceAt('orders');
  const I = `${S}/instances/a`;

  /** A registration with all members. */
  const full = {
    address: '127.0.0.1',
    port: 8080,
    url: 'https://orders.example',
    node: 'n1',
    cluster: 'blue',
    ports: { admin: { port: 9090, secure: true } },
    weight: 2.5,
    status: 'up',
    metadata: { version: '1' },
    tags: ['x'],
    version: '1.2.3',
    location: { region: 'eu', zone: 'eu-1a', colo: 'TXL', latitude: 52.5, longitude: 13.4 },
    incarnation: 'i1',
    lease: { ttlMs: 60_000, removeAfterMs: null, intervalMs: 5_000, firstRemoveAfterMs: 90_000 },
    extensions: { nacos: { any: [1, null] } },
  };
  const plain = { address: '10.0.0.8', port: 80, ephemeral: false };
  const later = new Date(Date.now() + 3_600_000).toISOString();

  const LONG_AGO = '2001-01-01T00:00:00Z';

  /** Placeholder for the id of the latest token. */
  const LAST_TOKEN = 'the-last-token';

  /** Placeholder for the latest ticket. */
  const LAST_TICKET = 'the last ticket';

  /** Name of a script of the console. */
  const CONSOLE_FILE = Object.keys(consoleFiles).find((name) => name.endsWith('.js'));

  /** Placeholder for the id of the latest lease. */
  const LAST_LEASE = 'the-last-lease';

  /** Placeholder for the cursor in the previous answer. */
  const LAST_CURSOR = 'the last cursor';

  /** Routes with streamed answers: `test/watch/` and `test/http/transfer-suite.ts` test them. */
  const GO_ON = ['watch', 'openSocket', 'exportNamespace', 'importNamespace'];

  /** Calls that together provoke every answer, in an order in which each can succeed. */
  const CALLS: [method: string, path: string, body?: unknown][] = [
    ['PUT', I, full],
    ['PUT', I, full],
    ['POST', `${S}/instances`, plain],
    ['POST', `${S}/instances`, plain],
    ['PUT', S, { protectThreshold: 0.5, metadata: { a: 'b' }, selector: { type: 'label', expression: 'a=b' } }],
    ['PUT', S, { protectThreshold: 0.6, selector: { type: 'label' } }],
    ['PATCH', S, { metadata: { c: 'd' } }],
    ['GET', S],
    ['GET', `${NS}/services?limit=1`],
    ['PATCH', I, { weight: 3 }],
    [
      'PUT',
      `${I}/override`,
      { enabled: true, weight: 4, status: 'up', metadata: { o: 'p' }, quarantine: { until: later, reason: 'r' } },
    ],
    ['PUT', `${I}/override`, { enabled: true, weight: 4 }],
    ['GET', `${I}/override`],
    ['GET', I],
    ['GET', `${S}/instances?limit=1`],
    ['GET', `${S}/instances`],
    ['GET', `${S}/resolve`],
    ['GET', `${S}/resolve?near=48.1,11.5`],
    ['GET', `${S}/resolve?consistency=cached`],
    ['POST', `${I}/heartbeat`],
    [
      'POST',
      `${NS}/heartbeat`,
      {
        instances: [
          { group: 'g', service: 'orders', id: 'a' },
          { service: 's', id: 'gone' },
        ],
      },
    ],
    [
      'POST',
      `${NS}/batch`,
      {
        operations: [
          { op: 'register', service: 's', id: 'b', ...plain },
          { op: 'update', group: 'g', service: 'orders', id: 'a', weight: 5 },
          { op: 'override', service: 's', id: 'b', enabled: false },
          { op: 'deregister', service: 's', id: 'unknown' },
        ],
      },
    ],
    ['PUT', `${NS}/kv/config`, { a: 1 }],
    ['PUT', `${NS}/kv/config`, { a: 2 }],
    ['PUT', `${NS}/kv/other`, {}],
    ['GET', `${NS}/kv/config`],
    ['GET', `${NS}/kv/config?as=entry`],
    ['GET', `${NS}/kv?limit=1`],
    ['GET', `${NS}/kv?prefix=config&keysOnly=true`],
    ['GET', `${NS}/history/kv/config?limit=1`],
    ['DELETE', `${NS}/kv/config`],
    ['GET', `${NS}/diff/kv?limit=1&from=${LONG_AGO}`],
    ['POST', `${NS}/rollback/kv`, { prefix: 'other', to: LONG_AGO }],
    ['POST', `${NS}/kv-compaction`, { revision: 5 }],
    ['POST', `${NS}/leases`, { ttlMs: 60_000, alias: '7' }],
    ['PUT', `${NS}/kv/held?lease=${LAST_LEASE}`, {}],
    ['POST', `${NS}/leases/${LAST_LEASE}/renew`],
    ['GET', `${NS}/leases/${LAST_LEASE}`],
    ['GET', `${NS}/leases?limit=1`],
    ['POST', `${NS}/transaction`, { do: [{ op: 'range', prefix: 'held' }] }],
    ['DELETE', `${NS}/leases/${LAST_LEASE}`],
    ['GET', `${NS}/history?limit=5`],
    ['GET', `${NS}/history?group=g&service=orders&instance=a`],
    ['GET', `${I}/why`],
    ['GET', `${S}/diff?from=${LONG_AGO}`],
    ['GET', `${S}/instances?at=${LONG_AGO}`],
    ['POST', `${S}/rollback`, { to: LONG_AGO }],
    ['POST', `${NS}/subscribers/s-1/ack`, { cursor: LAST_CURSOR }],
    ['GET', `${S}/subscribers`],
    ['GET', `${NS}/stats`],
    ['GET', '/metrics'],
    ['GET', '/health'],
    ['GET', '/docs'],
    ['GET', '/console'],
    ['GET', `/console/files/${CONSOLE_FILE}`],
    ['GET', '/'],
    ['GET', '/api/v1/openapi.json'],
    [
      'POST',
      '/api/v1/ns',
      {
        id: ':ns-2',
        title: 't',
        placement: { hint: 'weur' },
        retention: { maxCount: 9 },
        limits: { perToken: { sockets: 9 } },
      },
    ],
    ['POST', '/api/v1/ns', { id: ':ns' }],
    ['PATCH', '/api/v1/ns/:ns-2', { title: null }],
    ['GET', NS],
    ['GET', '/api/v1/ns?limit=1'],
    ['DELETE', '/api/v1/ns/gone?force'],
    [
      'POST',
      '/api/v1/tokens',
      { name: 't', grants: [{ scope: 'read', ns: ':ns', services: ['g@@*'] }], expiresInMs: 60_000 },
    ],
    ['POST', `/api/v1/tokens/${LAST_TOKEN}/rotate`, { overlapMs: 1_000 }],
    ['GET', '/api/v1/tokens?limit=1'],
    ['GET', '/api/v1/token'],
    ['DELETE', `/api/v1/tokens/${LAST_TOKEN}`],
    ['POST', '/api/v1/tickets'],
    ['POST', '/api/v1/tickets/redeem', { ticket: LAST_TICKET }],
    ['GET', '/api/v1/audit?limit=1'],
    ['DELETE', `${I}/override`],
    ['DELETE', `${I}/drain`],
    ['POST', `${I}/drain?wait=0s`],
    ['DELETE', I],
    ['DELETE', `${S}?force`],
  ];

  const pattern = ({ path }: RouteCard): RegExp => new RegExp(`^${path.replace(/:\w+/g, '[^/?]+')}(\\?|$)`);
  const routeOf = (method: string, path: string): RouteCard => {
    const found = routes.find((route) => route.method === method.toLowerCase() && pattern(route).test(path));
    return found ?? expect.unreachable(`no route for ${method} ${path}`);
  };

  it('[H1] real responses match their schemas, and every documented response occurs', async () => {
    const seen = new Set<string>();
    let cursor = '';
    let token = '';
    let ticket = '';
    let lease = '';
    for (const [method, path, body] of CALLS) {
      const route = routeOf(method, path);
      const answer = await ask(
        method,
        path.replace(LAST_TOKEN, token).replace(LAST_LEASE, lease),
        JSON.parse(
          JSON.stringify(body ?? null)
            .replaceAll(LAST_CURSOR, cursor)
            .replaceAll(LAST_TICKET, ticket)
            .replaceAll(':ns', ns()),
        ) ?? undefined,
      );
      cursor = answer.headers.get('rollcall-cursor') ?? cursor;
      if (route.operation === 'createToken') token = String(answer.body.id);
      if (route.operation === 'grantLease') lease = String(answer.body.id);
      if (route.operation === 'createTicket') ticket = String(answer.body.ticket);
      const card = route.answers[answer.status];
      expect(card, `${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`).toBeDefined();
      seen.add(`${route.operation} ${answer.status}`);
      if (card?.schema !== undefined && (card.contentType === undefined || path.endsWith('as=entry'))) {
        // An object schema drops unknown members, so the comparison finds undocumented ones.
        expect(card.schema.parse(answer.body), `${method} ${path}`).toEqual(answer.body);
      } else if (card?.contentType !== undefined) {
        const documented = card.contentType.split(';')[0];
        if (documented !== '*/*') expect(answer.headers.get('content-type')?.split(';')[0]).toBe(documented);
      } else {
        expect(answer.body).toBe('');
      }
      if (route.conditional === 'read') {
        const same = await ask(method, path, undefined, { 'if-none-match': etagOf(answer) });
        expect([same.status, same.body], `${path} again`).toEqual([304, '']);
      }
    }
    const promised = routes
      .filter(({ operation }) => !GO_ON.includes(operation))
      .flatMap(({ operation, answers }) => Object.keys(answers).map((status) => `${operation} ${status}`));
    expect(promised.filter((answer) => !seen.has(answer))).toEqual([]);
  });

  it('[H3] real errors are problem details with their code', async () => {
    const refused = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await ask(method, path, body, headers);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      return [answer.status, answer.body.code];
    };
    expect(await refused('GET', I)).toEqual([404, 'INSTANCE_NOT_FOUND']);
    expect(await refused('GET', `${I}/override`)).toEqual([404, 'INSTANCE_NOT_FOUND']);
    expect(await refused('PATCH', I, { weight: 1 })).toEqual([404, 'INSTANCE_NOT_FOUND']);
    expect(await refused('POST', `${I}/drain`)).toEqual([404, 'INSTANCE_NOT_FOUND']);
    expect(await refused('GET', S)).toEqual([404, 'SERVICE_NOT_FOUND']);
    expect(await refused('GET', '/api/v1/ns/other/services')).toEqual([404, 'NAMESPACE_NOT_FOUND']);
    expect(await refused('GET', '/nope')).toEqual([404, 'ROUTE_NOT_FOUND']);
    expect(await refused('POST', S)).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(await refused('PUT', I, '{')).toEqual([400, 'INVALID_REQUEST']);
    expect(await refused('PUT', I, plain, { 'if-match': '*' })).toEqual([412, 'REVISION_MISMATCH']);
    expect(await refused('PUT', I, '{}', { 'content-type': 'text/plain' })).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await refused('PUT', I, ' '.repeat(70_000))).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });
}
