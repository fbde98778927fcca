import { describe, expect, it } from 'vitest';
import type { EntryDiff } from '../../../src/model/entry-past';
import type { LockChange } from '../../../src/model/granted-lease';
import { intervalOf, intervalOfPrefix } from '../../../src/model/key-interval';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { ALL, EntryCalls, keyOf } from '../../fixtures/entry-calls';
import { LeaseCalls } from '../../fixtures/lease-calls';
import { bodyOf, refusal, type Scene } from './scene';

/** A difference in short: `a: first -> second`. */
const short = ({ key, before, after }: EntryDiff['entries'][number]): string =>
  `${key}: ${before?.value ?? '-'} -> ${after?.value ?? '-'}`;

/** Tests comparisons and rollbacks of entries. */
export function entryPast(stage: () => Scene): void {
  const begin = () => {
    const scene = stage();
    const calls = new EntryCalls(scene.api);
    const diff = async (command: { from: string; to?: string; limit?: number; after?: string | undefined }) =>
      bodyOf(await scene.api.diffEntries({ interval: ALL, ...command }));
    const rollBack = async (to: string, interval = ALL) =>
      bodyOf(await scene.api.rollBackEntries(OPERATOR, { interval, to }));
    const values = async () => (await calls.range()).entries.map(({ key, value }) => `${key}=${value}`);
    return { scene, calls, diff, rollBack, values };
  };

  describe('the past of entries', () => {
    it('[KV13] gives the differences between two moments, whichever is the earlier one', async () => {
      const { scene, calls, diff } = begin();
      await calls.put('same', '0');
      await calls.put('a', 'first');
      await calls.put('again', 'x');
      const from = await calls.put('gone', '1');
      await calls.put('a', 'second');
      await calls.delete('gone');
      await calls.put('passing', '');
      await calls.delete('passing');
      // It has the same version as before.
      await calls.delete('again');
      await calls.put('again', 'y');
      const to = await calls.put('new', '2');
      await calls.put('a', 'third');
      const found = await diff({ from, to });
      expect(found.entries.map(short)).toEqual(['a: first -> second', 'again: x -> y', 'gone: 1 -> -', 'new: - -> 2']);
      expect(found).toMatchObject({
        from: { cursor: from, revision: 4 },
        to: { cursor: to, revision: 11 },
        more: false,
      });
      const back = await diff({ from: to, to: from });
      expect(back.entries.map(short)).toEqual(['a: second -> first', 'again: y -> x', 'gone: - -> 1', 'new: 2 -> -']);
      expect((await diff({ from })).entries.map(short)).toContain('a: first -> third');
      const ofA = await scene.api.diffEntries({ interval: intervalOf('a'), from, to });
      expect(bodyOf(ofA).entries.map(short)).toEqual(['a: first -> second']);
      expect((await diff({ from: to, to })).entries).toEqual([]);
    });

    it('[KV13] gives differences in pages, which compare the same moments', async () => {
      const { calls, diff } = begin();
      const from = await calls.put('a', '1');
      for (const key of ['a', 'b', 'c', 'd', 'e']) await calls.put(key, '2');
      const seen: string[] = [];
      let page = await diff({ from, limit: 2 });
      const to = page.to.cursor;
      for (;;) {
        seen.push(...page.entries.map(short));
        expect(page.more).toBe(page.next !== undefined);
        if (page.next === undefined) break;
        await calls.put('f', 'later');
        page = await diff({ from, to, limit: 2, after: atob(page.next) });
      }
      expect(seen).toEqual(['a: 1 -> 2', 'b: - -> 2', 'c: - -> 2', 'd: - -> 2', 'e: - -> 2']);
    });

    it('[KV14] is restored in one revision, and again without a change', async () => {
      const { scene, calls, rollBack, values } = begin();
      await calls.put('config/a', 'first', {}, 'text/plain');
      const to = await calls.put('config/gone', '1');
      await calls.put('config/a', 'second');
      await calls.delete('config/gone');
      await calls.put('config/new', '2');
      await calls.put('other', '3');
      const done = await rollBack(to, intervalOfPrefix('config/'));
      expect(done).toMatchObject({ to: { cursor: to }, revision: 7, restored: 2, deleted: 1, held: 0 });
      expect(await values()).toEqual(['config/a=first', 'config/gone=1', 'other=3']);
      expect(await calls.read('config/a')).toMatchObject({ contentType: 'text/plain', version: 3, createdRevision: 1 });
      // A key that is created again is a new one for those who use its revision as a fencing token.
      expect(await calls.read('config/gone')).toMatchObject({ version: 1, createdRevision: 7 });
      const { changes } = await calls.history('config/new');
      expect(changes[0]).toMatchObject({ cause: 'rolled-back', actor: 'operator', after: null });
      const cursor = await scene.cursor();
      const again = await rollBack(to, intervalOfPrefix('config/'));
      expect(again).toMatchObject({ revision: null, restored: 0, deleted: 0 });
      expect(await scene.cursor()).toBe(cursor);
      expect(await rollBack(to, intervalOf(keyOf('other')))).toMatchObject({ deleted: 1 });
    });

    it('[KV14] is restored as it was, whatever changes meanwhile', async () => {
      const { calls, rollBack, values } = begin();
      const keys = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, '0')}`);
      let to = '';
      for (const key of keys) to = await calls.put(key, 'then');
      await calls.put('k00', 'since');
      const puts = keys.map((key) => calls.put(key, 'meanwhile'));
      const [done] = await Promise.all([rollBack(to), ...puts]);
      expect(done.restored).toBeGreaterThan(0);
      await rollBack(to);
      expect(await values()).toEqual(keys.map((key) => `${key}=then`));
    });

    it('[KV14] leaves entries as they are that a lease holds, or held then', async () => {
      const { scene, calls, rollBack, values } = begin();
      const leases = new LeaseCalls(scene.api);
      const { id: lease } = await leases.grant();
      const hold = (key: string, value: string) => scene.api.putEntry(OWNER, { key, value, lease, precondition: {} });
      await calls.put('now', 'first');
      await hold('then', 'first');
      const { cursor: to } = await hold('ended', 'first');
      await hold('now', 'second');
      await calls.put('then', 'second');
      await calls.delete('ended');
      await hold('new', 'second');
      expect(await rollBack(to)).toMatchObject({ revision: null, restored: 0, deleted: 0, held: 4 });
      expect(await values()).toEqual(['new=second', 'now=second', 'then=second']);
    });

    it('[KV14] leaves entries as they are that a lease has locked, and restores those whose lock is free', async () => {
      const { scene, calls, rollBack, values } = begin();
      const { id: acquire } = await new LeaseCalls(scene.api).grant();
      const put = (key: string, value: string, lock: LockChange) =>
        scene.api.putEntry(OWNER, { key, value, ...lock, precondition: {} });
      await put('free', 'first', { acquire });
      const to = await calls.put('config', 'first');
      await put('free', 'second', { release: acquire });
      await put('config', 'second', { acquire });
      await put('new', 'second', { acquire });
      expect(await rollBack(to)).toMatchObject({ restored: 1, deleted: 0, held: 2 });
      expect(await values()).toEqual(['config=second', 'free=first', 'new=second']);
      expect(bodyOf(await scene.api.readLease(OWNER, { lease: acquire })).locks).toHaveLength(2);
    });

    it('[KV13, KV14, J6] is refused for moments that are not in the history', async () => {
      const { calls, diff, rollBack } = begin();
      await calls.put('a', '1');
      for (const at of ['cother.1.x', '2100-01-01T00:00:00Z']) {
        const code = at.startsWith('c') ? 'COMPACTED' : 'INVALID_REQUEST';
        await expect(diff({ from: at })).rejects.toEqual(refusal(code));
        await expect(rollBack(at)).rejects.toEqual(refusal(code));
      }
    });
  });
}
