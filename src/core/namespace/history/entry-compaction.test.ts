import { describe, expect, it } from 'vitest';
import { OPERATOR } from '../../../../test/fixtures/callers';
import { ALL, EntryCalls } from '../../../../test/fixtures/entry-calls';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { readJsonText } from '../../../model/json';
import { COMPACTION_SLICE_MAX_COUNT } from '../../../model/limits';
import { DEFAULT_RETENTION } from '../commit/journal';

/** A namespace whose entry `k` has its revision as its value, from 1 on. */
async function begin(puts: number) {
  const stage = new WatchStage(DEFAULT_RETENTION);
  const { namespace } = stage;
  const calls = () => new EntryCalls(namespace.registry);
  for (let revision = 1; revision <= puts; revision++) await calls().put('k', String(revision));
  const compact = async (revision: number) => {
    const { body } = await namespace.registry.compactEntries(OPERATOR, { revision });
    return readJsonText(body);
  };
  const valueAt = async (revision: number) => (await calls().read('k', `r${revision}`))?.value;
  const kept = () => stage.disk.rows('SELECT revision FROM journal WHERE entries IS NOT NULL').flat();
  return { stage, namespace, calls, compact, valueAt, kept };
}

describe('compactEntries', () => {
  it('[KV15] makes earlier revisions unreadable at once, with one row, and is durable before its answer', async () => {
    const { namespace, compact, valueAt, kept } = await begin(6);
    const before = namespace.state.counters.rowsWritten;
    expect(await compact(4)).toEqual({ compactedRevision: 4 });
    expect(namespace.state.counters.rowsWritten - before).toBeLessThanOrEqual(2);
    expect(kept()).toEqual([1, 2, 3, 4, 5, 6]);
    for (const after of ['at once', 'after a restart', 'once it is done']) {
      expect([await valueAt(4), await valueAt(5)], after).toEqual(['4', '5']);
      for (const revision of [0, 1, 3]) {
        await expect(valueAt(revision), after).rejects.toMatchObject({
          code: 'COMPACTED',
          details: { compactedRevision: 4 },
        });
      }
      if (after === 'at once') await namespace.restart();
      else await namespace.pass(1_000);
    }
    expect(kept()).toEqual([4, 5, 6]);
  });

  it('[KV15] keeps the changes of its revision for a watch, and refuses one that needs an earlier change', async () => {
    const { stage, namespace, compact } = await begin(5);
    await compact(3);
    const scope = { keys: [{ prefix: '' }] };
    for (const _ of ['before', 'after it is done']) {
      const client = stage.connect();
      await client.ask({ type: 'watch', watch: 'w', scope, afterRevision: 2 });
      expect(client.takeOnly('changes').map(({ revision }) => revision)).toEqual([3, 4, 5]);
      await client.say({ type: 'watch', id: '1', watch: 'x', scope, afterRevision: 1 });
      expect(client.take()).toMatchObject([{ type: 'error', code: 'COMPACTED', compactedRevision: 3 }]);
      await namespace.pass(1_000);
    }
  });

  it('[KV15] accepts the newest revision, and refuses an earlier compacted one and a later one', async () => {
    const { calls, compact, kept, namespace, valueAt } = await begin(3);
    await expect(compact(4)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await compact(3);
    for (const revision of [0, 2, 3]) {
      const refused = { code: 'COMPACTED', details: { compactedRevision: 3 } };
      await expect(compact(revision)).rejects.toMatchObject(refused);
    }
    await namespace.pass(1_000);
    expect(kept()).toEqual([3]);
    await calls().put('k', '4');
    expect([await valueAt(3), await valueAt(4)]).toEqual(['3', '4']);
    expect((await calls().range({ interval: ALL, at: 'r3' })).count).toBe(1);
    const { changes, compacted } = await calls().history('k');
    expect([changes.map(({ revision }) => revision), compacted]).toEqual([[4, 3], true]);
  });

  it('[KV15] removes what is unreadable in slices, with the heads of deleted entries, and leaves services alone', async () => {
    const { stage, namespace, calls, compact, kept } = await begin(1);
    await stage.scene.register('a');
    for (let index = 0; index < COMPACTION_SLICE_MAX_COUNT + 10; index++) await calls().put('k', String(index));
    await calls().delete('k');
    await stage.scene.register('b');
    const { revision } = namespace.state.journal;
    await compact(revision);
    await namespace.pass(1_000);
    await settle();
    expect(kept()).toEqual([]);
    expect(stage.disk.rows('SELECT COUNT(*) FROM entry')).toEqual([[0]]);
    expect(namespace.state.journal.entries.isOverfull).toBe(false);
    expect(namespace.state.journal.compactedRevision).toBe(0);
    expect(namespace.state.journal.entries.size).toBe(0);
  });

  it('[KV15] is in the audit trail, with its revision', async () => {
    const { namespace, compact } = await begin(2);
    await compact(2);
    await compact(2).catch(() => {});
    // A refused one changes nothing, and leaves no entry.
    expect(namespace.platform.audit.notes).toMatchObject([
      { action: 'entries-compacted', actor: 'operator', target: 'kv', detail: 'at revision 2', outcome: 'done' },
    ]);
  });

  it('[KV15] over a socket needs an operator of all keys', async () => {
    const { stage } = await begin(2);
    const connect = (scope: 'register' | 'operate', keys?: string[]) =>
      stage.connect({ grants: [{ scope, ns: '*', services: [], keys }] });
    for (const client of [connect('register', ['*']), connect('operate', ['config/*'])]) {
      await expect(client.ask({ type: 'compact-entries', revision: 2 })).rejects.toThrow('FORBIDDEN');
    }
    const answer = await connect('operate', ['*']).ask({ type: 'compact-entries', revision: 2 });
    expect(answer).toEqual({ compactedRevision: 2 });
  });
});
