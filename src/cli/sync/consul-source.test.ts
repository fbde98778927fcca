import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { check, FakeConsul, healthEntry } from '../../../test/sync/fake-consul';
import { ConsulSource } from './consul-source';
import { serviceFilter } from './source';
import { SourceHttp } from './source-http';

/** A Consul with two services, and a source that reads it. */
async function stage(options: { token?: string; datacenter?: string; services?: string[]; path?: string } = {}) {
  const consul = await FakeConsul.start();
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
    consul.stop();
  });
  consul.set('web', [healthEntry('web-1')]);
  consul.set('db', [healthEntry('db-1', { Service: 'db' })]);
  let changes = 0;
  const source = new ConsulSource({
    http: new SourceHttp(`${consul.url}${options.path ?? ''}`, { token: options.token }),
    filter: serviceFilter(options.services ?? []),
    datacenter: options.datacenter,
    intervalMs: 60_000,
    now: () => performance.now(),
  });
  return {
    consul,
    source,
    read: async () => (await source.read()).map(({ id }) => id),
    follow: () =>
      source.follow(() => {
        changes += 1;
      }, stop.signal),
    changed: (count: number) => vi.waitUntil(() => changes >= count, { timeout: 20_000, interval: 1 }),
    changes: () => changes,
  };
}

const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 20_000, interval: 1 });

describe('a Consul', () => {
  it('[K21] is read by the names of its services, then by their health, without its own servers', async () => {
    const { consul, read, source } = await stage({ token: 'secret-id', datacenter: 'dc2' });
    expect(await read()).toEqual(['db-1@host-1', 'web-1@host-1']);
    expect(consul.asked.map(({ path }) => path)).toEqual([
      '/v1/catalog/services',
      '/v1/health/service/db',
      '/v1/health/service/web',
    ]);
    for (const { query, token } of consul.asked) expect([query, token]).toEqual([{ dc: 'dc2' }, 'secret-id']);
    expect(source.name).toMatch(/^consul 127\.0\.0\.1:\d+\/dc2$/);
  });

  it('[K21] is read below a path, and only the services that are mirrored', async () => {
    const { consul, read } = await stage({ services: ['we*'] });
    expect(await read()).toEqual(['web-1@host-1']);
    expect(consul.asked.map(({ path }) => path)).not.toContain('/v1/health/service/db');
    const { read: readVersioned } = await stage({ path: '/v1/' });
    expect(await readVersioned()).toHaveLength(2);
    const { read: readBelow } = await stage({ path: '/proxy' });
    await expect(readBelow()).rejects.toMatchObject({ message: expect.stringContaining('status 404') });
  });

  it('[K21] reports changes while it is followed, and is not read again for what it reports', async () => {
    const { consul, read, follow, changed } = await stage();
    await read();
    follow();
    await until(() => consul.waiting === 3);
    consul.set('web', [healthEntry('web-1', {}, [check('c', 'critical')])]);
    await changed(1);
    const before = consul.asked.length;
    expect(await read()).toEqual(['db-1@host-1', 'web-1@host-1']);
    expect(consul.asked.slice(before).filter(({ query }) => query.index === undefined)).toEqual([
      expect.objectContaining({ path: '/v1/catalog/services' }),
    ]);
    consul.set('new', [healthEntry('new-1', { Service: 'new' })]);
    await changed(2);
    expect(await read()).toEqual(['db-1@host-1', 'new-1@host-1', 'web-1@host-1']);
    await until(() => consul.waiting === 4);
    consul.set('new', []);
    await changed(3);
    expect(await read()).toEqual(['db-1@host-1', 'web-1@host-1']);
    await until(() => consul.waiting === 3);
  });

  it('[K21] is asked without an index again after its index went back', async () => {
    const { consul, read, follow, changed } = await stage({ services: ['web'] });
    await read();
    follow();
    await until(() => consul.waiting === 2);
    const before = consul.asked.length;
    consul.set('web', [healthEntry('web-1'), healthEntry('web-2')], 3);
    await changed(1);
    expect(await read()).toEqual(['web-1@host-1', 'web-2@host-1']);
    await until(() => consul.waiting === 2);
    const asked = consul.asked.slice(before).filter(({ path }) => path === '/v1/health/service/web');
    expect(asked.map(({ query }) => query.index)).toEqual([undefined, '3']);
    consul.set('web', [healthEntry('web-2')]);
    await changed(2);
    expect(await read()).toEqual(['web-2@host-1']);
  });

  it('[K21] is not asked for changes of more services than it accepts connections', async () => {
    const { consul, read, follow } = await stage();
    for (let n = 0; n < 150; n++) consul.set(`s${n}`, [healthEntry(`s${n}-1`, { Service: `s${n}` })]);
    await read();
    follow();
    await until(() => consul.waiting === 129);
    expect(await read()).toHaveLength(152);
    expect(consul.waiting).toBe(129);
  });

  it('[K26] refuses lists from which a token leaves something out, which would seem to be gone', async () => {
    const { consul, read } = await stage({ services: ['web'] });
    consul.isFiltered = true;
    await expect(read()).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('may not read all') });
    consul.set('web', []);
    await expect(read()).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('services') });
  });

  it('[K26] is quoted with the reason of its refusal', async () => {
    const { consul, read } = await stage({ token: 'unknown' });
    consul.failure = { status: 403, text: 'rpc error making call: ACL not found' };
    await expect(read()).rejects.toMatchObject({
      exitCode: 4,
      message: 'The source refused /v1/catalog/services with status 403: rpc error making call: ACL not found.',
    });
    consul.failure = { status: 500, text: 'No path to datacenter' };
    await expect(read()).rejects.toMatchObject({
      exitCode: 6,
      message: 'The source responded to /v1/catalog/services with status 500: No path to datacenter.',
    });
  });
});
