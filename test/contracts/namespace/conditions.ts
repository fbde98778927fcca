import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, type Position, revisionOf } from '../../../src/model/cursor';
import type { ReadAnswer, ReadOptions } from '../../../src/model/namespace-api';
import { OWNER } from '../../fixtures/callers';
import { key, ORDERS } from '../../fixtures/definition';
import { EntryCalls } from '../../fixtures/entry-calls';
import { isUnchanged, refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const DAY_MS = 24 * 3_600_000;

/** The options that make a read conditional. */
type Condition = Pick<ReadOptions, 'ifNoneMatch' | 'ifChangedAfter'>;

/** Reads that take a cursor, each of something in or about the service `orders`. */
const READS: [string, (scene: Scene, condition?: Condition) => Promise<ReadAnswer<unknown>>][] = [
  ['readInstance', ({ api }, condition) => api.readInstance({ key: key('a'), ...condition })],
  ['readOverride', ({ api }, condition) => api.readOverride({ key: key('a'), ...condition })],
  ['listOverrides', ({ api }, condition) => api.listOverrides({ ...ORDERS, ...condition })],
  ['listInstances', ({ api }, condition) => api.listInstances({ ...ORDERS, filter: {}, ...condition })],
  ['a filtered list', ({ api }, condition) => api.listInstances({ ...ORDERS, filter: { tag: 'x' }, ...condition })],
  ['resolve', ({ api }, condition) => api.resolve({ ...ORDERS, ...condition })],
  ['readService', ({ api }, condition) => api.readService({ ...ORDERS, ...condition })],
  ['listServices', ({ api }, condition) => api.listServices({ prefix: 'orders', ...condition })],
];

/** Returns a cursor with some members replaced. */
function forged(cursor: string, change: Partial<Position>): string {
  const position = decodeCursor(cursor);
  if (position === undefined) throw new Error(`${cursor} is not a cursor`);
  return encodeCursor({ ...position, ...change });
}

/** Creates an instance with an override, in a separate service, so that each of {@link READS} finds something. */
async function furnish(scene: Scene): Promise<void> {
  await scene.register('a', { tags: ['x'] });
  await scene.override('a', { weight: 2 });
  await scene.putService({ metadata: { team: 'shop' } });
}

/** Tests cursors, and the reads that they make conditional. */
export function conditions(stage: () => Scene, capabilities: Capabilities): void {
  describe('a cursor', () => {
    it('[Q1] is in every answer, changes with every change and stays the same otherwise', async () => {
      const scene = stage();
      const cursors: string[] = [];
      const note = async (answer: Promise<{ cursor: string }>) => cursors.push((await answer).cursor);
      await note(scene.register('a'));
      const changed = await scene.api.patch(OWNER, { key: key('a'), patch: { weight: 2 }, precondition: {} });
      await note(Promise.resolve(changed));
      await note(scene.api.renew(OWNER, key('a')));
      await note(scene.api.renewMany(OWNER, [key('a')]));
      await note(scene.api.resolve(ORDERS));
      await note(scene.api.stats());
      await note(scene.deregister('a'));
      const [first, ...rest] = cursors;
      const last = rest.pop();
      expect(new Set(rest)).toEqual(new Set([changed.cursor]));
      expect(new Set([first, changed.cursor, last]).size).toBe(3);
      for (const cursor of cursors) expect(cursor).toMatch(/^c/);
    });
  });

  describe.each(READS)('%s with a cursor', (name, conditionalRead) => {
    const read = (scene: Scene, ifNoneMatch?: string) => conditionalRead(scene, { ifNoneMatch });

    it('[Q2] answers not modified while nothing has changed, heartbeats included', async () => {
      const scene = stage();
      await furnish(scene);
      const { cursor } = await read(scene);
      expect(isUnchanged(await read(scene, cursor))).toBe(true);
      await scene.beat('a');
      await scene.register('a', { tags: ['x'] });
      expect(isUnchanged(await read(scene, cursor))).toBe(true);
    });

    it('[Q2] ignores changes elsewhere, and accepts the cursor of any read', async () => {
      const scene = stage();
      await furnish(scene);
      const { cursor } = await read(scene);
      const elsewhere = await scene.register('z', {}, { service: 'users' });
      expect(isUnchanged(await read(scene, cursor))).toBe(true);
      const answer = await read(scene, elsewhere.cursor);
      expect(isUnchanged(answer)).toBe(true);
      expect(answer.cursor).toBe(elsewhere.cursor);
    });

    it('[Q2] answers in full once its content has changed', async () => {
      const scene = stage();
      await furnish(scene);
      const { cursor } = await read(scene);
      if (name === 'readService') await scene.patchService({ metadata: { team: 'depot' } });
      else if (name === 'listServices') await scene.register('b');
      else await scene.override('a', { weight: 3 });
      const answer = await read(scene, cursor);
      expect(isUnchanged(answer)).toBe(false);
      expect(answer.cursor).not.toBe(cursor);
      expect(isUnchanged(await read(scene, answer.cursor))).toBe(true);
    });

    it.each<[string, (cursor: string) => string]>([
      ['of another epoch', (cursor) => forged(cursor, { epoch: 'elsewhere' })],
      ['of a future revision', (cursor) => forged(cursor, { revision: 1_000 })],
      ['of another commit', (cursor) => forged(cursor, { check: 1 })],
      ['of an earlier revision, of another commit', (cursor) => forged(cursor, { revision: 2, check: 1 })],
      ['of revision 0, with a check', (cursor) => forged(cursor, { revision: 0, check: 1 })],
      ['that is malformed', () => 'W/"x"'],
    ])('[Q3] answers a cursor %s in full', async (_what, forge) => {
      const scene = stage();
      await furnish(scene);
      const { cursor } = await read(scene);
      const answer = await read(scene, forge(cursor));
      expect(isUnchanged(answer)).toBe(false);
      expect(answer.cursor).toBe(cursor);
    });

    where(capabilities.movesTime, () => {
      it('[Q3] answers a cursor that is older than the journal in full', async () => {
        const scene = stage();
        await scene.register('a', { tags: ['x'], ephemeral: false });
        await scene.override('a', { weight: 2 });
        await scene.putService();
        const { cursor } = await read(scene);
        await scene.register('z', { ephemeral: false }, { service: 'users' });
        expect(isUnchanged(await read(scene, cursor))).toBe(true);
        // A ticking host would do so 2.8 million times.
        await scene.freeze(8 * DAY_MS);
        await scene.pass(60_000);
        expect(await scene.stats()).toMatchObject({ revision: 4, compactedRevision: 3 });
        expect(isUnchanged(await read(scene, cursor))).toBe(false);
      });
    });
  });

  describe.each(READS)('%s with a revision', (_name, read) => {
    const isKnown = async (scene: Scene, ifChangedAfter: number) => isUnchanged(await read(scene, { ifChangedAfter }));

    it('[Q2] answers not modified from the newest change in its scope on', async () => {
      const scene = stage();
      await furnish(scene);
      const newest = revisionOf(await scene.cursor());
      await scene.beat('a');
      expect(await isKnown(scene, newest)).toBe(true);
      await scene.register('z', {}, { service: 'users' });
      await new EntryCalls(scene.api).put('k', 'v');
      expect([await isKnown(scene, newest), await isKnown(scene, newest + 2)]).toEqual([true, true]);
      expect([await isKnown(scene, newest - 1), await isKnown(scene, 0)]).toEqual([false, false]);
    });

    it('[Q3] answers a revision that does not exist yet in full', async () => {
      const scene = stage();
      await furnish(scene);
      const newest = revisionOf(await scene.cursor());
      expect([await isKnown(scene, newest + 1), await isKnown(scene, -1)]).toEqual([false, false]);
    });

    where(capabilities.movesTime, () => {
      it('[Q3] answers a revision that was compacted in full', async () => {
        const scene = stage();
        await scene.register('a', { tags: ['x'], ephemeral: false });
        await scene.override('a', { weight: 2 });
        await scene.putService();
        await scene.register('z', { ephemeral: false }, { service: 'users' });
        await scene.register('y', { ephemeral: false }, { service: 'users' });
        expect([await isKnown(scene, 3), await isKnown(scene, 4)]).toEqual([true, true]);
        await scene.freeze(8 * DAY_MS);
        await scene.pass(60_000);
        expect(await scene.stats()).toMatchObject({ revision: 5, compactedRevision: 4 });
        expect([await isKnown(scene, 3), await isKnown(scene, 4)]).toEqual([false, true]);
      });
    });
  });

  describe('a cursor from before a removal', () => {
    it('[Q2] does not make the read of a removed instance not modified', async () => {
      const scene = stage();
      await scene.register('a');
      const { cursor } = await scene.deregister('a');
      const read = scene.api.readInstance({ key: key('a'), ifNoneMatch: cursor });
      await expect(read).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
    });

    it('[Q2] does not make the read of a removed override not modified', async () => {
      const scene = stage();
      await scene.register('a');
      await scene.override('a', { weight: 2 });
      const { cursor } = await scene.clearOverride('a');
      const read = scene.api.readOverride({ key: key('a'), ifNoneMatch: cursor });
      await expect(read).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
    });

    it('[Q2, V7] does not make the read of a removed or unknown service not modified', async () => {
      const scene = stage();
      await scene.register('a');
      const { cursor } = await scene.deregister('a');
      const gone = scene.api.readService({ ...ORDERS, ifNoneMatch: cursor });
      await expect(gone).rejects.toEqual(refusal('SERVICE_NOT_FOUND'));
      const never = scene.api.readService({ ...ORDERS, service: 'unknown', ifNoneMatch: cursor });
      await expect(never).rejects.toEqual(refusal('SERVICE_NOT_FOUND'));
    });

    it('[Q2] is valid for a list that has become empty, and for one that always was', async () => {
      const scene = stage();
      const first = await scene.register('a');
      const { cursor } = await scene.deregister('a');
      const list = (ifNoneMatch: string) => scene.api.listInstances({ ...ORDERS, filter: {}, ifNoneMatch });
      expect(isUnchanged(await list(first.cursor))).toBe(false);
      expect(isUnchanged(await list(cursor))).toBe(true);
      expect(isUnchanged(await scene.api.resolve({ ...ORDERS, service: 'unknown', ifNoneMatch: cursor }))).toBe(true);
    });
  });

  where(capabilities.movesTime, () => {
    it('[Q2, L3] a lapsed lease is a change: the cursor changes with the content', async () => {
      const scene = stage();
      await scene.register('a');
      const { cursor } = await scene.api.resolve(ORDERS);
      await scene.passByCalls(30_000);
      const answer = await scene.api.resolve({ ...ORDERS, ifNoneMatch: cursor });
      expect(isUnchanged(answer)).toBe(false);
      expect(answer.cursor).not.toBe(cursor);
    });
  });

  it('[Q4] a precondition accepts only a cursor of the same history', async () => {
    const scene = stage();
    await scene.register('a');
    const cursor = await scene.cursor();
    for (const wrong of [
      forged(cursor, { epoch: 'elsewhere' }),
      forged(cursor, { revision: 9 }),
      forged(cursor, { check: 1 }),
      'none',
    ]) {
      await expect(scene.patch('a', { weight: 2 }, { cursor: wrong })).rejects.toEqual(refusal('REVISION_MISMATCH'));
    }
    await scene.register('z', {}, { service: 'users' });
    expect(await scene.patch('a', { weight: 2 }, { cursor })).toMatchObject({ weight: 2 });
  });
}
