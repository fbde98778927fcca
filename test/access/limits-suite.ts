import { afterEach, expect, it } from 'vitest';
import type { NamespaceLimits } from '../../src/model/namespace';
import { type Home, NS } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

/** Limits set for a namespace, at the doors of the whole registry: each answers 429 and names the limit. */
export function limitsSuite({ ask, send, upgrade, tokenFor, ns }: Home): void {
  const small = () => `${ns()}-small`;
  const place = { address: '10.0.0.7', port: 8080 };

  /** Responses whose stream a test may need to stay open. */
  const held: Response[] = [];

  /** Creates a namespace with these limits, and two tokens for all of it. */
  async function begin(limits: NamespaceLimits) {
    expect((await ask('POST', '/api/v1/ns', { id: small(), limits })).status).toBe(201);
    const token = () =>
      tokenFor([
        { scope: 'operate', ns: small() },
        { scope: 'read', ns: small() },
      ]);
    const tokens = { one: await token(), two: await token(), root: ROOT_TOKEN };
    const as = (who: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[who]}` });
    const service = (name: string) => `${NS}-small/groups/g/services/${name}`;
    const outcomeOf = ({ status, body }: { status: number; body: { detail?: unknown } }) =>
      status === 429 ? `429 ${String(body.detail)}` : `${status}`;
    return {
      register: async (who: keyof typeof tokens, id: string, name = 'orders') =>
        outcomeOf(await ask('PUT', `${service(name)}/instances/${id}`, place, as(who))),
      putService: async (who: keyof typeof tokens, name: string) =>
        outcomeOf(await ask('PUT', service(name), { protectThreshold: 0.5 }, as(who))),
      connect: async (who: keyof typeof tokens) => {
        const protocol = { 'sec-websocket-protocol': 'rollcall.v1' };
        const { status, socket, text } = await upgrade(`${NS}-small/socket`, { ...as(who), ...protocol });
        socket?.accept();
        return socket === undefined ? outcomeOf({ status, body: JSON.parse(text) }) : `${status}`;
      },
      put: async (who: keyof typeof tokens, key: string, value = 'x') => {
        const response = await send('PUT', `${NS}-small/kv/${key}`, { headers: as(who), body: value });
        return outcomeOf({ status: response.status, body: JSON.parse(await response.text()) });
      },
      transact: async (who: keyof typeof tokens, ...keys: string[]) => {
        const operations = keys.map((key) => ({ op: 'put', key, value: 'x' }));
        return outcomeOf(await ask('POST', `${NS}-small/transaction`, { do: operations }, as(who)));
      },
      grant: async (who: keyof typeof tokens) =>
        outcomeOf(await ask('POST', `${NS}-small/leases`, { ttlMs: null }, as(who))),
      open: async (who: keyof typeof tokens, path: string, headers = {}) => {
        const response = await send('GET', `${NS}-small${path}`, { headers: { ...as(who), ...headers } });
        held.push(response);
        return response.ok
          ? `${response.status}`
          : outcomeOf({ status: response.status, body: JSON.parse(await response.text()) });
      },
    };
  }

  afterEach(async () => {
    // Unused streams are closed.
    for (const response of held.splice(0)) if (!response.bodyUsed) await response.body?.cancel();
  });

  it('[N25] limits.instances', async () => {
    const { register } = await begin({ instances: 1 });
    expect(await register('one', 'a')).toBe('201');
    expect(await register('two', 'b')).toMatch(/^429 this namespace has 1 instances, .*limits\.instances/);
    expect(await register('one', 'a')).toBe('200');
  });

  it('[N25] limits.perToken.instances, which does not apply to root', async () => {
    const { register } = await begin({ perToken: { instances: 1 } });
    expect(await register('one', 'a')).toBe('201');
    expect(await register('one', 'b')).toMatch(
      /^429 this would give the token 2 instances, .*limits\.perToken\.instances/,
    );
    expect([await register('two', 'b'), await register('root', 'c'), await register('root', 'd')]).toEqual([
      '201',
      '201',
      '201',
    ]);
  });

  it('[N25] limits.services, for services created by any kind of request', async () => {
    const { register, putService } = await begin({ services: 2 });
    expect([await register('one', 'a', 'x'), await putService('one', 'y')]).toEqual(['201', '201']);
    const full = /^429 this namespace has 2 services, .*limits\.services/;
    expect(await register('one', 'a', 'z')).toMatch(full);
    expect(await putService('one', 'z')).toMatch(full);
    expect([await register('one', 'b', 'y'), await putService('one', 'x')]).toEqual(['201', '201']);
  });

  it('[N25] limits.entries and limits.entryBytes, for puts and for transactions', async () => {
    const { put, transact } = await begin({ entries: 2, entryBytes: 20 });
    expect(await put('one', 'a')).toBe('201');
    expect(await transact('one', 'b', 'c')).toMatch(/^429 this namespace would have 3 entries, .*limits\.entries/);
    expect(await transact('two', 'b')).toBe('200');
    expect(await put('two', 'c')).toMatch(/^429 this namespace would have 3 entries, .*limits\.entries/);
    expect(await put('two', 'b', 'x'.repeat(17))).toBe('200');
    expect(await put('one', 'a', 'xx')).toMatch(
      /^429 this namespace would have 21 bytes of entries, .*limits\.entryBytes/,
    );
  });

  it('[N25] limits.perToken.entries and limits.perToken.entryBytes, which do not apply to root', async () => {
    const { put } = await begin({ perToken: { entries: 1, entryBytes: 10 } });
    expect(await put('one', 'a')).toBe('201');
    expect(await put('one', 'b')).toMatch(/^429 this would give the token 2 entries, .*limits\.perToken\.entries/);
    expect(await put('one', 'a', 'x'.repeat(10))).toMatch(
      /^429 .* 11 bytes of entries, .*limits\.perToken\.entryBytes/,
    );
    expect([await put('two', 'b'), await put('root', 'c'), await put('root', 'd')]).toEqual(['201', '201', '201']);
  });

  it('[N25] limits.grantedLeases and limits.perToken.grantedLeases', async () => {
    const { grant } = await begin({ grantedLeases: 2, perToken: { grantedLeases: 1 } });
    expect(await grant('one')).toBe('201');
    expect(await grant('one')).toMatch(
      /^429 this would give the token 2 granted leases, .*limits\.perToken\.grantedLeases/,
    );
    expect(await grant('two')).toBe('201');
    expect(await grant('root')).toMatch(/^429 this namespace has 2 granted leases, .*limits\.grantedLeases/);
  });

  it('[N25, A45] limits.sockets and limits.perToken.sockets', async () => {
    const { connect } = await begin({ sockets: 2, perToken: { sockets: 1 } });
    expect(await connect('one')).toBe('101');
    expect(await connect('one')).toMatch(/^429 .*limits\.perToken\.sockets/);
    expect(await connect('two')).toBe('101');
    expect(await connect('root')).toMatch(/^429 .*limits\.sockets/);
  });

  it('[N25, A45] limits.watches and limits.perToken.watches', async () => {
    const { open } = await begin({ watches: 2, perToken: { watches: 1 } });
    const watch = (who: 'one' | 'two' | 'root') => open(who, '/watch?service=orders', { accept: 'text/event-stream' });
    expect(await watch('one')).toBe('200');
    expect(await watch('one')).toMatch(/^429 .*limits\.perToken\.watches/);
    expect(await watch('two')).toBe('200');
    expect(await watch('root')).toMatch(/^429 .*limits\.watches/);
  });
}
