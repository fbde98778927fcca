import { describe, expect, it } from 'vitest';
import { OWNER } from '../../fixtures/callers';
import { ENDS_AFTER_MS, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const AT = { address: '10.0.0.1', port: 8080 };

/** Tests batches: many operations as one change. */
export function batches(stage: () => Scene, capabilities: Capabilities): void {
  describe('batch', () => {
    it('[C1, C3] makes one revision and reports the outcome of each operation', async () => {
      const scene = stage();
      await scene.register('old');
      await scene.register('same');
      await scene.register('gone');
      const report = await scene.batch(
        { op: 'register', id: 'new', ...AT },
        { op: 'register', id: 'same', ...AT },
        { op: 'update', id: 'old', weight: 5 },
        { op: 'deregister', id: 'gone' },
        { op: 'deregister', id: 'never' },
        { op: 'override', id: 'same', enabled: false },
      );
      expect(report.revision).toBe(4);
      expect(report.results).toEqual([
        { outcome: 'created', id: 'new', revision: 4 },
        { outcome: 'unchanged', id: 'same', revision: 2 },
        { outcome: 'changed', id: 'old', revision: 4 },
        { outcome: 'removed', id: 'gone', revision: null },
        { outcome: 'absent', id: 'never', revision: null },
        { outcome: 'created', id: 'same', revision: 4 },
      ]);
      expect(await scene.cursor()).toBe(report.cursor);
      expect(await scene.resolved()).toEqual(['new', 'old']);
    });

    it('[R2] makes no revision if it changes nothing', async () => {
      const scene = stage();
      await scene.register('a');
      const cursor = await scene.cursor();
      const report = await scene.batch(
        { op: 'register', id: 'a', ...AT },
        { op: 'update', id: 'a', weight: 1 },
        { op: 'deregister', id: 'b' },
      );
      expect(report).toMatchObject({ cursor, revision: 1 });
    });

    it.each([
      ['a patch of an unknown instance', { op: 'update', id: 'b', weight: 1 }, 'INSTANCE_NOT_FOUND'],
      ['an override of an unknown instance', { op: 'override', id: 'b', weight: 1 }, 'INSTANCE_NOT_FOUND'],
      ['a revision that is not the record’s', { op: 'deregister', id: 'a', ifRevision: 7 }, 'REVISION_MISMATCH'],
      ['a record that should be absent', { op: 'register', id: 'a', ...AT, ifAbsent: true }, 'REVISION_MISMATCH'],
    ])('[C3, C5] with %s changes nothing', async (_what, wrong, code) => {
      const scene = stage();
      await scene.register('a');
      const cursor = await scene.cursor();
      const refused = scene.batch(
        { op: 'register', id: 'new', ...AT },
        { op: 'update', id: 'a', weight: 9 },
        { op: 'override', id: 'a', enabled: false },
        wrong,
      );
      await expect(refused).rejects.toEqual(refusal(code));
      expect(await scene.cursor()).toBe(cursor);
      expect(await scene.listed()).toEqual(['a']);
      expect(await scene.read('a')).toMatchObject({ weight: 1, enabled: true, revision: 1 });
    });

    it('[Q4] accepts a precondition that holds', async () => {
      const scene = stage();
      await scene.register('a');
      const { results } = await scene.batch(
        { op: 'update', id: 'a', weight: 2, ifRevision: 1 },
        { op: 'register', id: 'b', ...AT, ifAbsent: true },
        { op: 'override', id: 'b', enabled: true, ifAbsent: true },
      );
      expect(results.map(({ outcome }) => outcome)).toEqual(['changed', 'created', 'created']);
    });

    it('[C3] sees its own earlier operations', async () => {
      const scene = stage();
      const { results } = await scene.batch(
        { op: 'register', id: 'a', ...AT },
        { op: 'update', id: 'a', weight: 2 },
        { op: 'override', id: 'a', status: 'down' },
        { op: 'register', id: 'b', ...AT },
        { op: 'deregister', id: 'b' },
      );
      expect(results.map(({ outcome, revision }) => [outcome, revision])).toEqual([
        ['created', 1],
        ['changed', 1],
        ['created', 1],
        ['created', null],
        ['removed', null],
      ]);
      expect(await scene.read('a')).toMatchObject({ weight: 2, status: 'down', createdRevision: 1, revision: 1 });
      expect(await scene.listed()).toEqual(['a']);
    });

    it('[C3] can remove an instance and register it again', async () => {
      const scene = stage();
      await scene.register('a', { weight: 7 });
      await scene.batch({ op: 'deregister', id: 'a' }, { op: 'register', id: 'a', ...AT });
      expect(await scene.read('a')).toMatchObject({ weight: 1, createdRevision: 2, changes: 1 });
      expect(await scene.resolved()).toEqual(['a']);
    });

    it('[C3] spans groups and services', async () => {
      const scene = stage();
      const { revision } = await scene.batch(
        { op: 'register', group: 'x', service: 'orders', id: 'a', ...AT },
        { op: 'register', group: 'y', service: 'users', id: 'a', ...AT },
      );
      expect(revision).toBe(1);
      expect((await scene.services()).map((service) => [service.group, service.revision])).toEqual([
        ['x', 1],
        ['y', 1],
      ]);
    });

    it('takes a thousand operations', async () => {
      const scene = stage();
      const operations = Array.from({ length: 1_000 }, (_, index) => ({ op: 'register', id: `i-${index}`, ...AT }));
      const { revision, results } = await scene.batch(...operations);
      expect(revision).toBe(1);
      expect(results.every(({ outcome }) => outcome === 'created')).toBe(true);
      expect(await scene.readService()).toMatchObject({ instances: 1_000, available: 1_000 });
    });

    it('[C1] registers under the token of its caller', async () => {
      const scene = stage();
      await scene.batch({ op: 'register', id: 'a', ...AT });
      expect(await scene.read('a')).toMatchObject({ owner: OWNER.tokenId });
    });

    where(capabilities.movesTime, () => {
      it('[R2] renews what it registers again, even if it changes something else', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.register('b');
        await scene.pass(20_000);
        await scene.batch({ op: 'register', id: 'a', ...AT }, { op: 'update', id: 'b', weight: 2 });
        await scene.pass(10_000 + ENDS_AFTER_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(20_000);
        expect(await scene.listed()).toEqual([]);
      });

      it('[C5, L1] renews nothing if it is refused', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.pass(20_000);
        const refused = scene.batch({ op: 'register', id: 'a', ...AT }, { op: 'update', id: 'b', weight: 2 });
        await expect(refused).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
        await scene.pass(10_000 + ENDS_AFTER_MS);
        expect(await scene.listed()).toEqual([]);
      });
    });
  });
}
