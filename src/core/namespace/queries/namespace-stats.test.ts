import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { definition, key, ORDERS } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { readJsonText } from '../../../model/json';
import { Stats } from '../../../model/stats';
import { namespaceStats } from './namespace-stats';

describe('namespaceStats', () => {
  it('[H8] counts what exists', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.put('b', {}, { healthy: false, healthChangedAt: [START, START, START] });
    awake.put('c', { ephemeral: false, status: 'down' });
    awake.put('gone');
    awake.override('a', { weight: 2 });
    awake.override('gone', { weight: 2 });
    awake.remove('gone');
    const record = { definition: { metadata: {}, protectThreshold: 0 }, createdRevision: 1 };
    awake.commit((draft) => draft.putService({ ...ORDERS, service: 'empty' }, record, 'registered'));
    await awake.journal();
    const stats = namespaceStats(awake.state, awake.hub);
    expect(Stats.parse(stats)).toEqual(stats);
    expect(stats).toMatchObject({
      revision: 8,
      compactedRevision: 0,
      services: 2,
      instances: 3,
      healthyInstances: 2,
      availableInstances: 1,
      flappingInstances: 1,
      overrides: 2,
      leases: 2,
      sessions: 0,
      recordBytes: awake.state.catalog.size,
      journal: { revisions: 8, bytes: awake.state.journal.size },
    });
    expect(stats.recordBytes).toBeGreaterThan(300);
    expect(stats.journal.bytes).toBeGreaterThan(stats.recordBytes);
  });

  it('[H8, KV7] counts entries, and what they take', async () => {
    const awake = new AwakeNamespace();
    const put = (key: string, length: number) => {
      const value = new Uint8Array(length);
      awake.commit(({ entries }) => entries.put(key, { value, lease: null, facts: null }, 'put'));
    };
    put('a', 100);
    put('bcd', 1_000);
    put('gone', 10);
    awake.commit(({ entries }) => entries.delete('gone', 'deleted'));
    await awake.journal();
    const { entries } = namespaceStats(awake.state, awake.hub);
    expect(entries).toMatchObject({ count: 2, keyBytes: 4, valueBytes: 1_100, journalRevisions: 4 });
    expect(entries?.cachedBytes).toBeGreaterThanOrEqual(1_100);
    expect(entries?.journalBytes).toBe(awake.state.journal.entries.size);
    expect(entries?.journalBytes).toBeGreaterThan(1_120);
  });

  it('[H8, N27] counts granted leases and locks, and lists who holds most', async () => {
    const namespace = new NodeNamespace();
    const { api } = namespace;
    await api.register({ tokenId: 'owner' }, { key: key('a'), definition: definition(), precondition: {} });
    const leases = new LeaseCalls(api, { tokenId: 'keys' });
    const { id } = await leases.grant({ ttlMs: null });
    await leases.grant();
    await leases.acquire('lock', id);
    await leases.put('large', 'x'.repeat(10_000));
    const stats = readJsonText((await api.stats()).body);
    expect(Stats.parse(stats)).toEqual(stats);
    expect(stats).toMatchObject({ leases: 2, grantedLeases: 2, entries: { count: 2, locked: 1 } });
    expect(stats.largestHolders).toEqual([
      { token: 'keys', instances: 0, services: 0, recordBytes: 0, entries: 2, entryBytes: 10_009, grantedLeases: 2 },
      expect.objectContaining({ token: 'owner', instances: 1, services: 1, entries: 0, entryBytes: 0 }),
    ]);
    await leases.revoke(id);
    expect(readJsonText((await api.stats()).body)).toMatchObject({ grantedLeases: 1, entries: { locked: 0 } });
  });

  it('[H8] counts operations since the process started', async () => {
    const namespace = new NodeNamespace();
    const { api } = namespace;
    const lease = { ttlMs: 10_000, removeAfterMs: 20_000 };
    for (const id of ['a', 'b']) {
      await api.register({ tokenId: 'owner' }, { key: key(id), definition: definition({ lease }), precondition: {} });
    }
    await api.renew({ tokenId: 'owner' }, key('a'));
    await namespace.pass(12_000);
    await api.renew({ tokenId: 'owner' }, key('a'));
    await namespace.pass(9_000);
    const { sinceStart } = readJsonText((await api.stats()).body);
    // Revisions: two registered, both unhealthy, one recovered, one expired.
    expect(sinceStart).toEqual({
      startedAt: '2030-01-01T00:00:00.000Z',
      wokeAt: '2030-01-01T00:00:00.000Z',
      wakes: 1,
      requests: 5,
      commits: 5,
      commitGroups: expect.any(Number),
      renewals: 1,
      removed: expect.objectContaining({ expired: 1, deregistered: 0 }),
      unhealthy: 2,
      recovered: 1,
      outages: 0,
      checkpoints: 2,
      alarms: 11,
      alarmsArmed: 12,
      rowsWritten: expect.any(Number),
      messagesReceived: 0,
      messagesSent: 0,
    });
    await namespace.restart();
    const { sinceStart: anew } = readJsonText((await namespace.api.stats()).body);
    expect(anew).toMatchObject({ requests: 1, commits: 0, wakes: 1, alarms: 0 });
    expect(anew.removed.expired).toBe(0);
  });

  it('[H8] counts sockets, their watches, and their traffic', async () => {
    const stage = new WatchStage();
    const watching = stage.connect();
    const other = stage.connect();
    await watching.watch({}, { watch: 'all' });
    await watching.watch({ services: ['orders'] }, { watch: 'orders' });
    await other.post('no frame');
    // Answers: two to the watches, each with a snapshot, and one that is a refusal.
    const before = await stage.scene.stats();
    expect(before).toMatchObject({ sockets: 2, watches: 2, sinceStart: { messagesReceived: 3, messagesSent: 5 } });
    await stage.scene.register('a');
    const after = await stage.scene.stats();
    expect(after.sinceStart).toMatchObject({ messagesReceived: 3, messagesSent: 7 });
    await watching.close();
    expect(await stage.scene.stats()).toMatchObject({ sockets: 1, watches: 0 });
  });
});
