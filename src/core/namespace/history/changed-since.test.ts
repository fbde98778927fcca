import { describe, expect, it } from 'vitest';
import { bodyOf, refusal } from '../../../../test/contracts/namespace/scene';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import type { ChangedInstances } from '../../../model/dialect-reads';
import { PAST_SLICE_MAX_COUNT } from '../../../model/limits';
import { DEFAULT_RETENTION } from '../commit/journal';

async function begin(maxCount = 1_000_000) {
  const stage = new WatchStage({ ...DEFAULT_RETENTION, maxCount });
  const since = async (point: string): Promise<ChangedInstances> =>
    bodyOf(await stage.scene.api.changedSince({ since: point }));
  /** Short form: `+a` new, `a` changed, `-a` removed, with weight. */
  const story = async (point: string) =>
    (await since(point)).instances.map(
      ({ instance: { id, weight }, isGone, isNew }) => `${isGone ? '-' : isNew ? '+' : ''}${id}=${weight}`,
    );
  return { stage, scene: stage.scene, since, story };
}

describe('readChangedSince', () => {
  it('[J5] lists each instance once, in its current state, or in its last state if it was removed', async () => {
    const { scene, story } = await begin();
    await scene.register('a');
    await scene.register('b');
    const cursor = await scene.cursor();
    await scene.register('a', { weight: 7 });
    await scene.register('c');
    await scene.register('c', { weight: 3 });
    await scene.deregister('b');
    await scene.override('a', { weight: 9 });
    expect(await story(cursor)).toEqual(['+c=3', '-b=1', 'a=9']);
    await scene.clearOverride('a');
    expect(await story(cursor)).toEqual(['+c=3', '-b=1', 'a=7']);
  });

  it('[J5] is empty if nothing changed since the cursor, and omits services', async () => {
    const { scene, story } = await begin();
    await scene.register('a');
    const cursor = await scene.cursor();
    expect(await scene.api.changedSince({ since: cursor })).toEqual({ cursor, body: null });
    await scene.putService({ protectThreshold: 0.5 });
    expect(await story(cursor)).toEqual([]);
  });

  it('[J5] shows a removed instance with its override, and one that was registered again as new', async () => {
    const { scene, story } = await begin();
    await scene.register('a');
    await scene.override('a', { weight: 4 });
    const cursor = await scene.cursor();
    await scene.deregister('a');
    expect(await story(cursor)).toEqual(['-a=4']);
    await scene.override('a', { weight: 5 });
    expect(await story(cursor)).toEqual(['-a=5']);
    await scene.register('a');
    expect(await story(cursor)).toEqual(['+a=5']);
  });

  it('[J5] omits an override of an instance that was removed before', async () => {
    const { scene, story } = await begin();
    await scene.register('a');
    await scene.override('a', { weight: 4 });
    await scene.deregister('a');
    const cursor = await scene.cursor();
    await scene.override('a', { weight: 5 });
    expect(await story(cursor)).toEqual([]);
  });

  it('[J5] accepts a time, including one before the first revision', async () => {
    const { scene, story, since } = await begin();
    await scene.register('a');
    await scene.freeze(10_000);
    await scene.register('b');
    const { now, revision } = await since('2000-01-01T00:00:00Z');
    expect(revision).toBe(2);
    expect(await story('2000-01-01T00:00:00Z')).toEqual(['+a=1', '+b=1']);
    expect(await story(new Date(now - 5_000).toISOString())).toEqual(['+b=1']);
  });

  it('[J5] is read in slices up to the present', async () => {
    const { scene } = await begin();
    await scene.register('a');
    const cursor = await scene.cursor();
    for (let round = 0; round < PAST_SLICE_MAX_COUNT + 5; round++) await scene.register('a', { weight: 2 + round });
    const first = await scene.api.changedSince({ since: cursor });
    expect(bodyOf(first)).toMatchObject({ more: true, revision: 1 + PAST_SLICE_MAX_COUNT });
    const last = await scene.api.changedSince({ since: first.cursor });
    expect(bodyOf(last)).toMatchObject({
      more: false,
      revision: PAST_SLICE_MAX_COUNT + 6,
      instances: [{ instance: { weight: PAST_SLICE_MAX_COUNT + 6 } }],
    });
    expect(last.cursor).toBe(await scene.cursor());
    expect((await scene.api.changedSince({ since: last.cursor })).body).toBeNull();
  });

  it('[J5] refuses a cursor of another history, or of a compacted revision', async () => {
    const { scene } = await begin();
    await scene.register('a');
    await expect(scene.api.changedSince({ since: 'cX.1.0' })).rejects.toEqual(refusal('COMPACTED'));
  });
});
