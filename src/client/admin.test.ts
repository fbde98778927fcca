import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PROJECT_ROOT } from '../../test/house/source-tree';
import { WAIT_MAX_MS } from '../model/limits';
import { type Admin, rollcallAdmin } from './admin';

/** Operations that are not calls: streams are part of the client, pages are for browsers, and `rollcall/client/kv` has entries. */
const NO_CALLS = [
  'watch',
  'openSocket',
  'showDocs',
  'showLanding',
  'showConsole',
  'readConsoleFile',
  'putEntry',
  'readEntry',
  'deleteEntry',
  'listEntries',
  'readEntryHistory',
  'runTransaction',
];

const document = JSON.parse(readFileSync(join(PROJECT_ROOT, 'docs/openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, { operationId: string }>>;
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({ id: operationId, method: method.toUpperCase(), path })),
);

/** A request as a registry would get it. */
interface Made {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: unknown;
}

function stage(answer = () => new Response('{}', { headers: { 'content-type': 'application/json' } })) {
  const made: Made[] = [];
  const admin = rollcallAdmin({
    url: 'https://registry.example/',
    token: 'secret',
    fetch: async (url, init = {}) => {
      const { method = '', headers, body } = init;
      made.push({ method, url, headers: headers as Record<string, string>, body });
      return answer();
    },
  });
  return { admin, made };
}

/** Never responds before the call is aborted, like a registry behind a half-open connection. */
function hang(_url: string, { signal }: RequestInit = {}): Promise<Response> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

/** Any call, with all the names that any of them needs. */
type AnyCall = (ask: object) => Promise<unknown>;

const NAMES = { service: 'a/b', id: 'ü', cursor: 'c', lease: '12' };

describe('every operation of the API', () => {
  it('has a method', () => {
    const ids = operations.map(({ id }) => id).filter((id) => !NO_CALLS.includes(id));
    expect(Object.keys(stage().admin).sort()).toEqual(ids.sort());
  });

  it.each(operations.filter(({ id }) => !NO_CALLS.includes(id)))('is sent to its path: $id', async (operation) => {
    const done = () => new Response('{"kind":"done"}', { headers: { 'content-type': 'application/json' } });
    const { admin, made } = stage(done);
    const call = admin[operation.id as keyof Admin] as AnyCall; // `as`: the test above says that it is there
    await call(NAMES);
    const path = operation.path
      .replace('{ns}', 'public')
      .replace('{group}', 'DEFAULT_GROUP')
      .replace('{service}', 'a%2Fb')
      .replace('{id}', '%C3%BC')
      .replace('{lease}', '12');
    expect(made[0]?.method).toBe(operation.method);
    expect(new URL(made[0]?.url ?? '').pathname).toBe(path);
    expect(made[0]?.headers.Authorization).toBe('Bearer secret');
  });
});

describe('a call', () => {
  it('puts names into the path, conditions into headers, and everything else into the query', async () => {
    const { admin, made } = stage();
    await admin.listInstances({
      ns: 'test',
      group: 'g',
      service: 's',
      available: true,
      limit: 2,
      cluster: undefined,
      metadata: { version: '1&2' },
    });
    await admin.putService({ service: 's', ifMatch: 'c1', body: { metadata: { a: 'b' } } });
    await admin.removeService({ service: 's', ifMatch: '*', force: true });
    await admin.readAudit({ ns: 'test' });
    await admin.registerInstance({ service: 's', id: 'i', ifNoneMatch: '*', body: { address: '::1', port: 1 } });
    expect(made.map(({ method, url }) => `${method} ${url.replace('https://registry.example/api/v1', '')}`)).toEqual([
      'GET /ns/test/groups/g/services/s/instances?available=true&limit=2&metadata.version=1%262',
      'PUT /ns/public/groups/DEFAULT_GROUP/services/s',
      'DELETE /ns/public/groups/DEFAULT_GROUP/services/s?force=true',
      'GET /audit?ns=test',
      'PUT /ns/public/groups/DEFAULT_GROUP/services/s/instances/i',
    ]);
    expect(made.map(({ headers }) => [headers['If-Match'], headers['If-None-Match'], headers['Content-Type']])).toEqual(
      [
        [undefined, undefined, undefined],
        ['"c1"', undefined, 'application/json'],
        ['*', undefined, undefined],
        [undefined, undefined, undefined],
        [undefined, '*', 'application/json'],
      ],
    );
    expect(made[1]?.body).toBe('{"metadata":{"a":"b"}}');
  });

  it('is not sent if a name is missing', async () => {
    const { admin, made } = stage();
    const call = admin.readInstance as AnyCall; // `as`: what no type lets through, JavaScript does
    await expect(call({ service: 's' })).rejects.toMatchObject({ code: 'INVALID_REQUEST', errors: [{ path: 'id' }] });
    await expect(call({ service: '', id: 'i' })).rejects.toMatchObject({ errors: [{ path: 'service' }] });
    expect(made).toEqual([]);
  });

  it('returns text if there is no JSON, and undefined for an empty response', async () => {
    const text = stage(() => new Response('# HELP x', { headers: { 'content-type': 'text/plain' } }));
    expect(await text.admin.readMetrics()).toBe('# HELP x');
    const nothing = stage(() => new Response(null, { status: 204 }));
    expect(await nothing.admin.deregisterInstance({ service: 's', id: 'i' })).toBeUndefined();
  });

  it('passes on the response for its headers', async () => {
    const { admin } = stage(() => Response.json({}, { headers: { 'rollcall-cursor': 'c7' } }));
    let cursor: string | null = null;
    await admin.readStats({
      onAnswer: ({ headers }) => {
        cursor = headers.get('rollcall-cursor');
      },
    });
    expect(cursor).toBe('c7');
  });
});

describe('a drain', () => {
  afterEach(() => void vi.useRealTimers());

  /** Milliseconds until a drain gives up on a registry that never answers. */
  async function timeoutMs(wait: string | undefined): Promise<number> {
    vi.useFakeTimers();
    const began = Date.now();
    const { drainInstance } = rollcallAdmin({ url: 'http://registry.example', fetch: hang });
    const ended = drainInstance({ service: 's', id: 'i', wait }).catch(() => Date.now() - began);
    await vi.runAllTimersAsync();
    return Number(await ended);
  }

  it('has a timeout of ten seconds more than its wait, in any notation', async () => {
    for (const [wait, waitMs] of [
      [undefined, 30_000],
      ['60', 60_000],
      ['0.5m', 30_000],
      ['1.5s', 1_500],
      ['250ms', 250],
      ['0', 0],
      [`${WAIT_MAX_MS}ms`, WAIT_MAX_MS],
      // The registry refuses these at once.
      ['soon', 0],
      ['30d', WAIT_MAX_MS],
    ] as const) {
      expect(await timeoutMs(wait), wait).toBe(waitMs + 10_000);
    }
  });
});

describe('an error', () => {
  it('has all members of the response', async () => {
    const problem = { code: 'LIMIT_EXCEEDED', detail: 'too many', errors: [{ path: 'a', message: 'b' }] };
    const { admin } = stage(() => Response.json(problem, { status: 429, headers: { 'retry-after': '2' } }));
    await expect(admin.readStats()).rejects.toMatchObject({
      name: 'RollcallError',
      code: 'LIMIT_EXCEEDED',
      status: 429,
      detail: 'too many',
      errors: [{ path: 'a', message: 'b' }],
      retryAfterMs: 2_000,
      isPassing: true,
    });
  });

  it('is also created for the response of a proxy', async () => {
    const page = stage(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(page.admin.readStats()).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 502, isPassing: true });
    const odd = stage(() => new Response('null', { status: 404 }));
    await expect(odd.admin.readStats()).rejects.toMatchObject({ code: 'INVALID_REQUEST', isPassing: false });
  });

  it('is UNREACHABLE if there is no response, or an invalid one, with its cause', async () => {
    const cause = new TypeError('fetch failed');
    const away = rollcallAdmin({ url: 'http://registry.example', fetch: () => Promise.reject(cause) });
    await expect(away.readHealth()).rejects.toMatchObject({ code: 'UNREACHABLE', status: 0, cause });
    const { admin } = stage(() => new Response('{', { headers: { 'content-type': 'application/json' } }));
    await expect(admin.readHealth()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('is the reason of the signal if the caller aborts', async () => {
    const reason = new Error('changed my mind');
    const hanging = rollcallAdmin({ url: 'http://registry.example', fetch: hang });
    const abort = new AbortController();
    const call = hanging.readStats({ signal: abort.signal });
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect(hanging.readStats({ timeoutMs: 10 })).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('is thrown immediately for an invalid url', () => {
    expect(() => rollcallAdmin({ url: 'registry.example' })).toThrow('absolute');
  });
});

it('a token may be a function, and a service binding may send the requests', async () => {
  const binding = {
    tokens: [] as unknown[],
    async fetch(_url: string, init?: RequestInit) {
      // A binding's own fetch is called on the binding, or fails.
      this.tokens.push(new Headers(init?.headers).get('authorization'));
      return Response.json({});
    },
  };
  let count = 0;
  const admin = rollcallAdmin({ url: 'http://registry', token: () => `t${++count}`, fetch: binding });
  await admin.readStats();
  await admin.readStats();
  expect(binding.tokens).toEqual(['Bearer t1', 'Bearer t2']);
});
