import { describe, expect, it } from 'vitest';
import { NO_STATS, problemOf, ROOT_TOKEN, TestApp } from '../../test/fixtures/test-app';
import { TOKEN_ID_LENGTH, TOKEN_SECRET_LENGTH, tokenText } from '../auth/token-text';
import type { Grant, Scope } from '../model/grant';

/**
 * Authorization of every route, written by hand: `+` reaches the namespace, `-` is FORBIDDEN. A route that is missing here
 * fails the test, and so does a line without a route.
 *
 * Each scope is granted on the whole namespace (`all`), on the services that begin with `own` (`own`), on others (`oth`),
 * and on all of another namespace (`ns2`). Requests are about the service `own-orders`, unless the line names another
 * target in brackets. The namespace itself checks the owner of an instance, which `test/access/` covers.
 */
const TABLE = `
                                                                    admin    operate          register         read             metrics
                                                                    all ns2  all own oth ns2  all own oth ns2  all own oth ns2  all ns2
GET    /metrics                                                      +   +    -   -   -   -    -   -   -   -    -   -   -   -    +   +
GET    /metrics [of public]                                          +   -    -   -   -   -    -   -   -   -    -   -   -   -    +   -
GET    /ns/:ns/services                                              +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/services [of a group]                                 +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/history                                               +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/history [of a group]                                  +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/history [own-orders]                                  +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
GET    /ns/:ns/history [an instance of other]                        +   -    -   -   -   -    -   -   -   -    +   -   +   -    -   -
GET    /ns/:ns/history [own-orders, of no group]                     +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/export                                                +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
POST   /ns/:ns/import                                                +   -    -   -   -   -    -   -   -   -    -   -   -   -    -   -
GET    /ns/:ns/stats                                                 +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/watch                                                 +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/watch [own-orders]                                    +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
GET    /ns/:ns/watch [own-orders, own-bills]                         +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
GET    /ns/:ns/watch [own-orders, other]                             +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/watch [own-orders, and a group]                       +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/watch [keys]                                          +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/watch [own-orders, and a key]                         +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/socket                                                +   -    +   +   +   -    +   +   +   -    +   +   +   -    -   -
POST   /ns/:ns/subscribers/:id/ack                                   +   -    -   -   -   -    -   -   -   -    +   +   +   -    -   -
POST   /ns/:ns/batch [register]                                      +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
POST   /ns/:ns/batch [update]                                        +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
POST   /ns/:ns/batch [deregister]                                    +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
POST   /ns/:ns/batch [override]                                      +   -    +   +   -   -    -   -   -   -    -   -   -   -    -   -
POST   /ns/:ns/batch [register, register of other]                   +   -    +   -   -   -    +   -   -   -    -   -   -   -    -   -
POST   /ns/:ns/transaction [nothing]                                 +   -    +   +   +   -    +   +   +   -    +   +   +   -    -   -
POST   /ns/:ns/transaction [put a key]                               +   -    +   -   -   -    +   -   -   -    -   -   -   -    -   -
POST   /ns/:ns/transaction [read a key, or else nothing]             +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
POST   /ns/:ns/transaction [put a key, or else read it]              +   -    -   -   -   -    -   -   -   -    -   -   -   -    -   -
POST   /ns/:ns/transaction [register]                                +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
POST   /ns/:ns/transaction [register, or else put a key]             +   -    +   -   -   -    +   -   -   -    -   -   -   -    -   -
POST   /ns/:ns/heartbeat                                             +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
POST   /ns/:ns/heartbeat [own-orders, other]                         +   -    +   -   -   -    +   -   -   -    -   -   -   -    -   -
POST   /ns/:ns/leases                                                +   -    +   +   +   -    +   +   +   -    -   -   -   -    -   -
GET    /ns/:ns/leases                                                +   -    +   +   +   -    +   +   +   -    -   -   -   -    -   -
GET    /ns/:ns/leases/:lease                                         +   -    +   +   +   -    +   +   +   -    -   -   -   -    -   -
POST   /ns/:ns/leases/:lease/renew                                   +   -    +   +   +   -    +   +   +   -    -   -   -   -    -   -
DELETE /ns/:ns/leases/:lease                                         +   -    +   +   +   -    +   +   +   -    -   -   -   -    -   -
PUT    {svc}                                                         +   -    +   +   -   -    -   -   -   -    -   -   -   -    -   -
GET    {svc}                                                         +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
PATCH  {svc}                                                         +   -    +   +   -   -    -   -   -   -    -   -   -   -    -   -
DELETE {svc}                                                         +   -    +   +   -   -    -   -   -   -    -   -   -   -    -   -
GET    {svc}/diff                                                    +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
POST   {svc}/rollback                                                +   -    +   +   -   -    -   -   -   -    -   -   -   -    -   -
GET    {svc}/resolve                                                 +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
GET    {svc}/subscribers                                             +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
GET    {svc}/instances                                               +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
POST   {svc}/instances                                               +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
PUT    {svc}/instances/:id                                           +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
GET    {svc}/instances/:id                                           +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
GET    {svc}/instances/:id/why                                       +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
PATCH  {svc}/instances/:id                                           +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
DELETE {svc}/instances/:id                                           +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
POST   {svc}/instances/:id/heartbeat                                 +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
POST   {svc}/instances/:id/drain                                     +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
DELETE {svc}/instances/:id/drain                                     +   -    +   +   -   -    +   +   -   -    -   -   -   -    -   -
PUT    {svc}/instances/:id/override                                  +   -    +   +   -   -    -   -   -   -    -   -   -   -    -   -
GET    {svc}/instances/:id/override                                  +   -    -   -   -   -    -   -   -   -    +   +   -   -    -   -
DELETE {svc}/instances/:id/override                                  +   -    +   +   -   -    -   -   -   -    -   -   -   -    -   -
GET    /ns/:ns/kv                                                    +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/kv [prefix]                                           +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/kv/:key                                               +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
PUT    /ns/:ns/kv/:key                                               +   -    +   -   -   -    +   -   -   -    -   -   -   -    -   -
DELETE /ns/:ns/kv/:key                                               +   -    +   -   -   -    +   -   -   -    -   -   -   -    -   -
GET    /ns/:ns/history/kv/:key                                       +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/diff/kv                                               +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
GET    /ns/:ns/diff/kv [prefix]                                      +   -    -   -   -   -    -   -   -   -    +   -   -   -    -   -
POST   /ns/:ns/rollback/kv                                           +   -    +   -   -   -    -   -   -   -    -   -   -   -    -   -
POST   /ns/:ns/kv-compaction                                         +   -    +   -   -   -    -   -   -   -    -   -   -   -    -   -
`;

/** Routes to the directory, which authorizes: `directory-access.test.ts` has their table. */
const OF_DIRECTORY = ['Namespaces', 'Access'];

/** Doors that need no token. */
const OPEN = [
  'GET /',
  'GET /docs',
  'GET /health',
  'GET /api/v1/openapi.json',
  'GET /console',
  'GET /console/files/:name',
];

/** Has its credential in the body. */
const REDEMPTION = 'POST /api/v1/tickets/redeem';

/** Grants of the table's columns. */
const COLUMNS: [scope: Scope, where: string, grant: Omit<Grant, 'scope'>][] = (
  ['admin', 'operate', 'register', 'read', 'metrics'] as const
).flatMap((scope) => {
  const ofServices = (services: string[]): Omit<Grant, 'scope'> => ({ ns: 'public', services });
  const partly = scope !== 'admin' && scope !== 'metrics';
  return [
    [scope, 'all', { ns: 'public' }],
    ...(partly ? ([[scope, 'own', ofServices(['g@@own*'])]] as const) : []),
    ...(partly ? ([[scope, 'oth', ofServices(['g@@other*', 'h@@own*', 'g@@own'])]] as const) : []),
    [scope, 'ns2', { ns: 'ns2' }],
  ] as [Scope, string, Omit<Grant, 'scope'>][]; // `as`: tuples, which the compiler takes for lists
});

const own = { group: 'g', service: 'own-orders', id: 'a' };
const other = { group: 'g', service: 'other', id: 'a' };
const place = { address: '10.0.0.7', port: 8080 };

/** A file with nothing in it. */
const EMPTY_FILE = '{"kind":"rollcall-export","version":1}\n{"kind":"end","services":0,"overrides":0,"instances":0}\n';

/** Bodies and queries of the lines that need one. */
const ASKED: Record<string, { query?: string; body?: unknown }> = {
  'GET /metrics [of public]': { query: '?ns=public' },
  'GET /ns/:ns/services [of a group]': { query: '?group=g' },
  'GET /ns/:ns/history [of a group]': { query: '?group=g' },
  'GET /ns/:ns/history [own-orders]': { query: '?group=g&service=own-orders' },
  'GET /ns/:ns/history [an instance of other]': { query: '?group=g&service=other&instance=a' },
  'GET /ns/:ns/history [own-orders, of no group]': { query: '?service=own-orders' },
  'POST /ns/:ns/import': { query: '?mode=merge', body: EMPTY_FILE },
  'GET {svc}/diff': { query: '?from=cE.1.x' },
  'POST {svc}/rollback': { body: { to: 'cE.1.x' } },
  'GET /ns/:ns/watch [own-orders]': { query: '?service=g@@own-orders' },
  'GET /ns/:ns/watch [own-orders, own-bills]': { query: '?service=g@@own-orders&service=g@@own-bills' },
  'GET /ns/:ns/watch [own-orders, other]': { query: '?service=g@@own-orders&service=g@@other' },
  'GET /ns/:ns/watch [own-orders, and a group]': { query: '?service=g@@own-orders&group=g' },
  'GET /ns/:ns/kv [prefix]': { query: '?prefix=own' },
  'GET /ns/:ns/diff/kv': { query: '?from=cE.1.x' },
  'GET /ns/:ns/diff/kv [prefix]': { query: '?from=cE.1.x&prefix=own' },
  'POST /ns/:ns/rollback/kv': { body: { prefix: 'own', to: 'cE.1.x' } },
  'POST /ns/:ns/kv-compaction': { body: { revision: 1 } },
  'GET /ns/:ns/watch [keys]': { query: '?prefix=own' },
  'GET /ns/:ns/watch [own-orders, and a key]': { query: '?service=g@@own-orders&key=own' },
  'POST /ns/:ns/subscribers/:id/ack': { body: { cursor: 'cE.1.x' } },
  'POST /ns/:ns/batch [register]': { body: { operations: [{ op: 'register', ...own, ...place }] } },
  'POST /ns/:ns/batch [update]': { body: { operations: [{ op: 'update', ...own, weight: 2 }] } },
  'POST /ns/:ns/batch [deregister]': { body: { operations: [{ op: 'deregister', ...own }] } },
  'POST /ns/:ns/batch [override]': { body: { operations: [{ op: 'override', ...own, enabled: false }] } },
  'POST /ns/:ns/batch [register, register of other]': {
    body: {
      operations: [
        { op: 'register', ...own, ...place },
        { op: 'register', ...other, ...place },
      ],
    },
  },
  'POST /ns/:ns/transaction [nothing]': { body: {} },
  'POST /ns/:ns/transaction [put a key]': { body: { do: [{ op: 'put', key: 'own', value: '' }] } },
  'POST /ns/:ns/transaction [read a key, or else nothing]': { body: { do: [{ op: 'range', key: 'own' }] } },
  'POST /ns/:ns/transaction [put a key, or else read it]': {
    body: { do: [{ op: 'put', key: 'own', value: '' }], else: [{ op: 'range', key: 'own' }] },
  },
  'POST /ns/:ns/transaction [register]': { body: { do: [{ op: 'register', ...own, ...place }] } },
  'POST /ns/:ns/transaction [register, or else put a key]': {
    body: { do: [{ op: 'register', ...own, ...place }], else: [{ op: 'put', key: 'own', value: '' }] },
  },
  'POST /ns/:ns/leases': { body: { ttlMs: null } },
  'POST /ns/:ns/heartbeat': { body: { instances: [own] } },
  'POST /ns/:ns/heartbeat [own-orders, other]': { body: { instances: [own, other] } },
  'PUT {svc}': { body: { protectThreshold: 0.5 } },
  'PATCH {svc}': { body: { protectThreshold: 0.5 } },
  'POST {svc}/instances': { body: place },
  'PUT {svc}/instances/:id': { body: place },
  'PATCH {svc}/instances/:id': { body: { weight: 2 } },
  'PUT {svc}/instances/:id/override': { body: { enabled: false } },
};

/** One line of the table. */
interface Line {
  name: string;
  method: string;
  /** In the router's words. */
  path: string;
  target: string;
  body: unknown;
  /** Expected result of each column, in order. */
  expected: string[];
}

const LINES: Line[] = TABLE.trim()
  .split('\n')
  .slice(2)
  .map((text) => {
    const [, head = '', cells = ''] = /^(.*?)((?: +[+-])+)$/.exec(text) ?? [];
    const name = head.trim().replace(/ +/g, ' ');
    const [, method = '', short = ''] = /^(\w+) (\S+)/.exec(name) ?? [];
    const path = short.replace('{svc}', '/ns/:ns/groups/:group/services/:service').replace(/^\/ns\//, '/api/v1/ns/');
    const filled = path.replace(':ns', 'public').replace(':group', own.group).replace(':service', own.service);
    const { query = '', body } = ASKED[name] ?? {};
    const target = filled.replace(':id', own.id).replace(':key', own.service).replace(':lease', '7') + query;
    return { name, method, path, target, body, expected: cells.trim().split(/ +/) };
  });

/** Sends what a line asks for. */
async function send(test: TestApp, { method, target, body }: Line, token: string | undefined): Promise<Response> {
  const isFile = typeof body === 'string';
  const headers: Record<string, string> = { 'content-type': isFile ? 'application/x-ndjson' : 'application/json' };
  if (target.endsWith('/socket'))
    Object.assign(headers, { upgrade: 'websocket', 'sec-websocket-protocol': 'rollcall.v1' });
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  test.namespace.answer.body = isFile ? '{"importId":"i","isDone":true}' : NO_STATS; // what /metrics reads
  const response = await test.send(method, target, {
    headers,
    ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
  });
  if (response.headers.get('content-type') === 'text/event-stream') await response.body?.cancel();
  return response;
}

/** Returns the result of a line and a token: `+`, `-`, or a description of any other. */
async function cell(line: Line, token: string, test: TestApp): Promise<string> {
  const before = test.namespace.calls.length + test.sockets.opened.length + test.sockets.passed.length;
  const response = await send(test, line, token);
  const reached = test.namespace.calls.length + test.sockets.opened.length + test.sockets.passed.length > before;
  if (response.ok && reached) return '+';
  const { code } = await problemOf(response);
  return code === 'FORBIDDEN' && !reached ? '-' : `${response.status} ${code}${reached ? ', but reached' : ''}`;
}

describe('the table of authorization', () => {
  it('[I9] lists every route, and no other', () => {
    const { routes } = new TestApp().app;
    const inNamespaces = routes.filter(({ chapter }) => !OF_DIRECTORY.includes(chapter));
    const found = inNamespaces.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(found.sort()).toEqual([...new Set(LINES.map(({ method, path }) => `${method} ${path}`)), ...OPEN].sort());
    const open = routes.filter(({ scope }) => scope === 'open');
    const named = open.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(named.sort(), 'open routes are declared as such').toEqual([...OPEN, REDEMPTION].sort());
  });

  it('has a cell for each column, and no duplicate line', () => {
    for (const { name, expected } of LINES) expect(expected, name).toHaveLength(COLUMNS.length);
    expect(new Set(LINES.map(({ name }) => name)).size).toBe(LINES.length);
    expect(Object.keys(ASKED).filter((asked) => !LINES.some(({ name }) => name === asked))).toEqual([]);
  });

  it.each(LINES)('[A4, A5, A63] $name', async (line) => {
    const test = new TestApp({ namespacesMade: ['ns2'] });
    const got: string[] = [];
    for (const [scope, , grant] of COLUMNS) {
      got.push(await cell(line, test.directory.give([{ scope, ...grant }]).token, test));
    }
    const named = (cells: string[]) => COLUMNS.map(([scope, where], index) => `${scope} ${where}: ${cells[index]}`);
    expect(named(got)).toEqual(named(line.expected));
  });

  it.each(LINES)(
    '[A2] $name: allows root, and refuses grants of other scopes and namespaces together',
    async (line) => {
      const test = new TestApp({ namespacesMade: ['ns2'] });
      expect(await cell(line, ROOT_TOKEN, test)).toBe('+');
      const everywhere = test.directory.give([{ scope: 'admin', ns: '*' }]);
      expect(await cell(line, everywhere.token, test)).toBe('+');
      const nothing = test.directory.give([
        { scope: 'admin', ns: 'ns2' },
        { scope: 'read', ns: 'Public' },
        { scope: 'operate', ns: 'publi' },
      ]);
      // A scrape that names no namespace covers `ns2`.
      expect(await cell(line, nothing.token, test)).toBe(line.name === 'GET /metrics' ? '+' : '-');
    },
  );
});

describe('a grant on all services of a group', () => {
  it.each([
    ['/services?group=g', '+'],
    ['/services?group=g2', '-'],
    ['/services', '-'],
    ['/watch?group=g', '+'],
    ['/watch?group=g&service=g@@any', '+'],
    ['/watch?group=g&group=g2', '-'],
    ['/watch?group=g&service=h@@any', '-'],
    ['/watch', '-'],
    ['/groups/g/services/any/resolve', '+'],
    ['/groups/g2/services/any/resolve', '-'],
  ])('[A5] %s: %s', async (path, expected) => {
    const test = new TestApp();
    const { token } = test.directory.give([{ scope: 'read', ns: 'public', services: ['g@@*'] }]);
    const line = { name: path, method: 'GET', path, target: `/api/v1/ns/public${path}`, body: undefined, expected: [] };
    expect(await cell(line, token, test)).toBe(expected);
  });
});

describe('a grant on keys', () => {
  it.each([
    ['/watch?prefix=config/', '+'],
    ['/watch?key=config/a&key=lock', '+'],
    ['/watch?from=config/a&to=config/z', '+'],
    ['/watch?prefix=Y29uZmlnLw&base64=true', '+'],
    ['/watch?prefix=config', '-'],
    ['/watch?key=lock&key=locks', '-'],
    ['/watch?from=config/a', '-'],
    ['/watch?to=config/z', '-'],
    ['/watch?prefix=', '-'],
    ['/watch?key=config/a&service=g@@any', '-'],
    ['/watch', '-'],
    ['/kv/config/a', '+'],
    ['/kv/lock', '+'],
    ['/kv/locks', '-'],
    ['/kv/config', '-'],
    ['/kv/Y29uZmln?base64=true', '-'],
    ['/kv?prefix=config/', '+'],
    ['/kv?prefix=config/&after=eg', '+'],
    ['/kv?from=config/&to=config0', '+'],
    ['/kv?from=config/&to=config0%00', '-'],
    ['/kv?prefix=config', '-'],
    ['/kv?prefix=config&after=Y29uZmlnLw', '-'],
    ['/kv?from=config/', '-'],
    ['/kv?countOnly=true', '-'],
    ['/history/kv/config/a', '+'],
    ['/history/kv/config', '-'],
    ['/history?prefix=config/', '+'],
    ['/history?key=locks', '-'],
    ['/history?prefix=', '-'],
    ['/history', '-'],
    ['/diff/kv?prefix=config/&from=cE.1.x', '+'],
    ['/diff/kv?fromKey=config/&from=cE.1.x', '-'],
    ['/diff/kv?from=cE.1.x', '-'],
    ['/export', '-'],
    ['/stats', '-'],
  ])('[A5, KV12] %s: %s', async (path, expected) => {
    const test = new TestApp();
    const { token } = test.directory.give([
      { scope: 'read', ns: 'public', services: [], keys: ['config/*', 'lock'] },
      { scope: 'register', ns: 'public' },
    ]);
    const line = { name: path, method: 'GET', path, target: `/api/v1/ns/public${path}`, body: undefined, expected: [] };
    expect(await cell(line, token, test)).toBe(expected);
  });
});

/** Invalid credentials, by their defect. */
const INVALID_HEADERS: Record<string, string | undefined> = {
  'no token': undefined,
  'an empty header': '',
  'another scheme': `Basic ${ROOT_TOKEN}`,
  'a scheme without a token': 'Bearer',
  'a wrong root token': `Bearer ${ROOT_TOKEN}x`,
  'a part of the root token': `Bearer ${ROOT_TOKEN.slice(0, -1)}`,
  'the root token in other letters': `Bearer ${ROOT_TOKEN.toUpperCase()}`,
  'a wrong token': `Bearer ${tokenText('a'.repeat(TOKEN_ID_LENGTH), 'a'.repeat(TOKEN_SECRET_LENGTH))}`,
  'two tokens': `Bearer ${ROOT_TOKEN}, Bearer ${ROOT_TOKEN}`,
};
const authorization = (header: string | undefined): RequestInit =>
  header === undefined ? {} : { headers: { authorization: header } };

describe('a request without a valid token', () => {
  it.each(LINES)('[A2] $name is refused, and nothing is called', async ({ method, target }) => {
    const test = new TestApp();
    for (const [defect, header] of Object.entries(INVALID_HEADERS)) {
      const response = await test.send(method, target, authorization(header));
      const { status, headers } = response;
      expect([status, headers.get('www-authenticate')], defect).toEqual([401, 'Bearer realm="rollcall"']);
      expect((await problemOf(response)).code).toBe('UNAUTHENTICATED');
    }
    expect(test.namespace.calls).toEqual([]);
  });

  it.each(OPEN)('[A3] %s answers without a call to a namespace or the directory', async (door) => {
    const test = new TestApp();
    for (const header of Object.values(INVALID_HEADERS)) {
      expect((await test.send('GET', door.slice('GET '.length), authorization(header))).status).toBe(200);
    }
    expect([test.namespace.calls, test.directory.asked]).toEqual([[], []]);
  });

  it.each([
    ['GET', '/nope'],
    ['GET', '/api/v1/nope'],
    ['OPTIONS', '/api/v1/ns/public/services'],
    ['POST', '/health'],
    ['DELETE', '/docs'],
    ['GET', '/api/v1/ns/nope/services'],
    ['GET', '/api/v1/ns/public/services?x=1'],
    ['GET', '/api/v1/ns/public/groups/%ff/services/x'],
    ['GET', `/api/v1/ns/${'x'.repeat(5_000)}/services`],
  ])('[A2] reveals nothing about %s %s', async (method, path) => {
    expect((await new TestApp().send(method, path)).status).toBe(401);
  });

  it('[A2] is refused before its body is read', async () => {
    const taken: string[] = [];
    const body = new ReadableStream({ pull: () => void taken.push('a chunk') }, { highWaterMark: 0 });
    const init = { body, duplex: 'half', headers: { 'content-type': 'application/json' } } as RequestInit; // `as`: Node asks for duplex
    expect((await new TestApp().send('PUT', '/api/v1/ns/public/groups/g/services/s', init)).status).toBe(401);
    expect(taken).toEqual([]);
  });

  it.each([null, '', 'x'.repeat(31)])(
    '[A1] is refused everywhere but at /health, with the root token %j',
    async (rootToken) => {
      const test = new TestApp({ rootToken });
      const { token } = test.directory.give([{ scope: 'admin', ns: '*' }]);
      const doors = OPEN.map((door) => ({ method: 'GET', target: door.slice('GET '.length) }));
      for (const { method, target } of [...LINES, ...doors, { method: 'GET', target: '/nope' }]) {
        for (const header of [undefined, `Bearer ${rootToken}`, `Bearer ${ROOT_TOKEN}`, `Bearer ${token}`]) {
          const response = await test.send(method, target, authorization(header));
          expect(response.status, target).toBe(target === '/health' ? 200 : 503);
          if (target === '/health') continue;
          expect((await problemOf(response)).code).toBe('NOT_CONFIGURED');
          expect(response.headers.get('retry-after')).toBe('60');
        }
      }
      expect([test.namespace.calls, test.directory.asked]).toEqual([[], []]);
    },
  );
});
