import { describe, expect, it } from 'vitest';
import { OWNER } from '../../../test/fixtures/callers';
import { definition, key } from '../../../test/fixtures/definition';
import { HandPlatform, START } from '../../../test/fixtures/hand-platform';
import { settle } from '../../../test/simulation/virtual-time';
import { CLOSE_CODES } from '../../model/frames';
import { CHECKPOINT_DELAY_MS } from '../../model/limits';
import { markForNewEpoch, writeProperty } from '../storage/schema';
import { Namespace } from './lifecycle';
import { readCheckpoint } from './records/checkpoints';
import { unpackLease } from './records/lease-table';

const NOT_FOUND = expect.objectContaining({ code: 'NAMESPACE_NOT_FOUND' });
const NOTHING = { retention: {}, limits: {} };

const tablesOf = ({ storage }: HandPlatform) => [...storage.read('SELECT name FROM sqlite_master')].flat();
const register = ({ registry }: Namespace, id = 'a') =>
  registry.register(OWNER, { key: key(id), definition: definition(), precondition: {} });

/** Creates a namespace with an instance. */
async function begin() {
  const platform = new HandPlatform();
  const namespace = new Namespace(platform, false);
  await namespace.configure(NOTHING);
  await register(namespace);
  return { platform, namespace };
}

describe('a namespace that was not created', () => {
  it('[N21] refuses every call, and writes nothing', async () => {
    const platform = new HandPlatform();
    const namespace = new Namespace(platform, false);
    expect(() => namespace.registry).toThrow(NOT_FOUND);
    expect(await namespace.size()).toEqual({ instances: 0, services: 0, entries: 0 });
    await namespace.closeSocketsOf(['t']);
    await namespace.erase({ onlyIfEmpty: false });
    expect([namespace.exists, tablesOf(platform), platform.armings]).toEqual([false, [], []]);
  });

  it('[N21] exists once it is created, also after a sleep', async () => {
    const { platform, namespace } = await begin();
    expect(await namespace.size()).toEqual({ instances: 1, services: 1, entries: 0 });
    const woken = new Namespace(platform, false);
    expect(await woken.size()).toEqual({ instances: 1, services: 1, entries: 0 });
  });

  it('[N21] creates itself if configured to', async () => {
    const namespace = new Namespace(new HandPlatform(), true);
    await register(namespace);
    expect(await namespace.size()).toEqual({ instances: 1, services: 1, entries: 0 });
  });
});

it('[N21] a namespace whose files could not be erased is erased by the next attempt, and by nothing else', async () => {
  const { platform, namespace } = await begin();
  let attempts = 0;
  Object.assign(platform, {
    erase: async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('EIO');
    },
  });
  await expect(namespace.erase({ onlyIfEmpty: false })).rejects.toThrow('EIO');
  expect(namespace.exists).toBe(false);
  expect([await namespace.erase({ onlyIfEmpty: false }), attempts]).toEqual([true, 2]);
});

describe('a namespace that was restored to a full disk', () => {
  it('[L19, Z4] refuses every call, tries no write, and starts once there is room', async () => {
    const { platform } = await begin();
    const { epoch } = JSON.parse((await new Namespace(platform, false).registry.stats()).body ?? '');
    markForNewEpoch(platform.storage);
    platform.fill();
    const namespace = new Namespace(platform, false);
    const refused = expect.objectContaining({ code: 'UNAVAILABLE', details: { retryAfterSeconds: 5 } });
    const calls = [
      async () => namespace.registry,
      () => namespace.configure(NOTHING),
      () => namespace.size(),
      () => namespace.erase({ onlyIfEmpty: false }),
    ];
    for (const call of calls) await expect(call(), String(call)).rejects.toEqual(refused);
    namespace.beginAgain();
    await settle();
    expect([namespace.exists, platform.aborts]).toEqual([false, []]);
    platform.empty();
    namespace.beginAgain();
    expect(await namespace.size()).toEqual({ instances: 1, services: 1, entries: 0 });
    const stats = JSON.parse((await namespace.registry.stats()).body ?? '');
    expect(stats.epoch).not.toBe(epoch);
  });

  it('[L19, S3] starts once there is room, if a newer version found no room for its tables', async () => {
    const { platform } = await begin();
    writeProperty(platform.storage, 'schema', '1');
    platform.storage.run('ALTER TABLE checkpoint DROP COLUMN attended_ms');
    platform.storage.run('ALTER TABLE checkpoint DROP COLUMN attentive_since');
    for (const column of ['entries', 'entries_until', 'entry_revisions'])
      platform.storage.run(`ALTER TABLE journal DROP COLUMN ${column}`);
    platform.fill();
    const namespace = new Namespace(platform, false);
    await expect(namespace.size()).rejects.toEqual(expect.objectContaining({ code: 'UNAVAILABLE' }));
    platform.empty();
    namespace.beginAgain();
    expect(await namespace.size()).toEqual({ instances: 1, services: 1, entries: 0 });
  });
});

describe('a namespace whose storage a newer version wrote', () => {
  it('[S3, U9] refuses every call with the reason, and is not erased', async () => {
    const { platform } = await begin();
    for (const property of ['schema', 'readable-from']) writeProperty(platform.storage, property, '99');
    const namespace = new Namespace(platform, false);
    const refusal = {
      code: 'NOT_CONFIGURED',
      message: expect.stringContaining('schema 99, readable by schema 99 and later; this'),
    };
    expect(() => namespace.registry).toThrow(expect.objectContaining(refusal));
    await expect(namespace.size()).rejects.toMatchObject(refusal);
    await expect(namespace.configure(NOTHING)).rejects.toMatchObject(refusal);
    await expect(namespace.erase({ onlyIfEmpty: false })).rejects.toMatchObject(refusal);
    await namespace.closeSocketsOf(['t']);
    expect(namespace.exists).toBe(false);
    expect(platform.storage.rows('SELECT COUNT(*) FROM record')).toEqual([[1]]);
  });
});

describe('settings', () => {
  it('[N22] apply at once and after a sleep, and cost nothing if unchanged', async () => {
    const { platform, namespace } = await begin();
    const settings = { retention: { maxCount: 2 }, limits: { instances: 2 } };
    await namespace.configure(settings);
    await register(namespace, 'b');
    await expect(register(namespace, 'c')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const woken = new Namespace(platform, false);
    await expect(register(woken, 'c')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('limits.instances'),
    });
    platform.storage.takeWritten();
    await woken.configure(structuredClone(settings));
    expect(platform.storage.takeWritten()).toEqual({});
    await woken.configure(NOTHING);
    await register(woken, 'c');
  });

  it('[N22, J3] limit the retained history from the next alarm on', async () => {
    const { platform, namespace } = await begin();
    for (let count = 0; count < 1_200; count += 1) {
      await namespace.registry.patch(OWNER, { key: key('a'), patch: { weight: count % 7 }, precondition: {} });
    }
    await namespace.configure({ retention: { maxCount: 10 }, limits: {} });
    await namespace.registry.alarm(platform.clock.now());
    const { body } = await namespace.registry.stats();
    expect(JSON.parse(body).journal.revisions).toBeLessThanOrEqual(10);
  });
});

describe('rest', () => {
  it('[L7] stores renewals, and then writes nothing', async () => {
    const { platform, namespace } = await begin();
    const { registry } = namespace;
    platform.jump(20_000);
    await registry.renew(OWNER, key('a'));
    await namespace.rest();
    platform.storage.takeWritten();
    await expect(registry.renew(OWNER, key('a'))).rejects.toMatchObject(NOT_FOUND);
    expect(platform.storage.takeWritten()).toEqual({});
    const { header, rows } = readCheckpoint(platform.storage);
    expect(header).toMatchObject({ state: 'closed', at: START + 20_000 });
    expect(unpackLease(rows.get(0) ?? new Float64Array(), 0)?.renewedAt).toBe(START + 20_000);
  });
});

describe('erase', () => {
  it('[N23] leaves nothing: no row, no alarm, no socket', async () => {
    const { platform, namespace } = await begin();
    const socket = platform.connections.open();
    namespace.registry.opened(platform.connections.connectionOf(socket));
    await namespace.erase({ onlyIfEmpty: false });
    expect([tablesOf(platform), platform.alarm.armedFor(), namespace.exists]).toEqual([[], null, false]);
    expect(socket.closed?.code).toBe(CLOSE_CODES.namespaceGone);
    expect(new Namespace(platform, false).exists).toBe(false);
    await namespace.erase({ onlyIfEmpty: false });
  });

  it('[N23] ends calls in progress, and nothing of them returns', async () => {
    const { platform, namespace } = await begin();
    const { registry } = namespace;
    const watching = platform.connections.connectionOf(platform.connections.open());
    await registry.receive(watching, JSON.stringify({ type: 'watch', id: '1', watch: 'w', scope: {} }));
    await registry.renew(OWNER, key('a'));
    const drain = registry.drain(OWNER, { key: key('a'), waitMs: 30_000, graceMs: 0 }).catch((error) => error);
    await settle();
    await namespace.erase({ onlyIfEmpty: false });
    expect(await drain).toEqual(NOT_FOUND);
    // A tick may still arrive, and a caller with a reference to the registry may still call it.
    platform.jump(CHECKPOINT_DELAY_MS);
    await registry.tick();
    await expect(registry.renew(OWNER, key('a'))).rejects.toEqual(NOT_FOUND);
    await settle();
    expect([tablesOf(platform), platform.alarm.armedFor(), platform.aborts]).toEqual([[], null, []]);
  });

  it('[N23] is followed by another history when the namespace is created again', async () => {
    const { namespace } = await begin();
    const before = (await namespace.registry.stats()).cursor;
    await namespace.erase({ onlyIfEmpty: false });
    await namespace.configure(NOTHING);
    expect(await namespace.size()).toEqual({ instances: 0, services: 0, entries: 0 });
    const { cursor } = await namespace.registry.stats();
    expect(cursor.split('.')[0]).not.toBe(before.split('.')[0]);
  });

  it('[N13, N23] is refused for a namespace that filled up meanwhile, if only an empty one may be erased', async () => {
    const { namespace } = await begin();
    const { registry } = namespace;
    await registry.deregister(OWNER, { key: key('a'), precondition: {} });
    expect(await namespace.size()).toEqual({ instances: 0, services: 0, entries: 0 });
    const [registered, isErased] = [register(namespace), namespace.erase({ onlyIfEmpty: true })];
    await registered;
    expect([await isErased, namespace.exists, await namespace.size()]).toEqual([
      false,
      true,
      { instances: 1, services: 1, entries: 0 },
    ]);
    await registry.deregister(OWNER, { key: key('a'), precondition: {} });
    await registry.putEntry(OWNER, { key: 'a', value: '', precondition: {} });
    expect([await namespace.erase({ onlyIfEmpty: true }), namespace.exists]).toEqual([false, true]);
    await registry.deleteEntry(OWNER, { key: 'a', precondition: {} });
    expect([await namespace.erase({ onlyIfEmpty: true }), namespace.exists]).toEqual([true, false]);
    expect(await namespace.erase({ onlyIfEmpty: true })).toBe(true);
  });

  it('[N23] takes its turn: the last request wins', async () => {
    const { namespace } = await begin();
    await Promise.all([namespace.erase({ onlyIfEmpty: false }), namespace.configure(NOTHING)]);
    expect([namespace.exists, await namespace.size()]).toEqual([true, { instances: 0, services: 0, entries: 0 }]);
    await Promise.all([
      namespace.configure({ retention: {}, limits: { instances: 1 } }),
      namespace.erase({ onlyIfEmpty: false }),
    ]);
    expect(namespace.exists).toBe(false);
  });
});
