import { describe, expect, it } from 'vitest';
import { refusal } from '../../../../test/contracts/namespace/scene';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { settle } from '../../../../test/simulation/virtual-time';
import { changeEpoch } from '../commit/epoch-change';
import { serviceAt, viewsAt } from './service-past';

/** Instances as they were at a revision: `a:2` for one with weight 2. */
async function seen({ state }: AwakeNamespace, revision: number): Promise<string> {
  const records = await serviceAt(state, ORDERS, revision);
  return [...viewsAt(ORDERS, records, START)].map(({ id, weight }) => `${id}:${weight}`).join(' ');
}

describe('serviceAt', () => {
  it('[J6] returns the service with its overrides at each revision', async () => {
    const awake = new AwakeNamespace();
    awake.put('b a', { weight: 2 });
    awake.override('a', { weight: 5 });
    awake.put('a', { weight: 3 });
    awake.remove('b');
    awake.put('b', { weight: 4 });
    const moments = () => Promise.all([0, 1, 2, 3, 4, 5, 6].map((revision) => seen(awake, revision)));
    const story = ['', 'b:2', 'a:2 b:2', 'a:5 b:2', 'a:5 b:2', 'a:5', 'a:5 b:4'];
    expect(await moments()).toEqual(story); // nothing is durable yet
    await settle();
    expect(await moments()).toEqual(story);
  });

  it('[J6] is not affected by later changes', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { weight: 2 });
    const records = await serviceAt(awake.state, ORDERS, 1);
    awake.put('a', { weight: 3 });
    awake.override('a', { weight: 4 });
    expect([...viewsAt(ORDERS, records, START)]).toMatchObject([{ weight: 2, overridden: false }]);
  });

  it('[J6] yields to other work on a long walk, and fails if the history is compacted meanwhile', async () => {
    const awake = new AwakeNamespace();
    for (let weight = 0; weight < 2_100; weight++) awake.put('a', { weight });
    awake.put('b'); // so that the walk forward is long too
    await settle();
    const { state } = awake;
    let turns = 0;
    const during = (nextTurn: () => Promise<void>) => ({ ...state, platform: { ...state.platform, nextTurn } });
    const counting = during(async () => {
      turns += 1;
    });
    const records = await serviceAt(counting, ORDERS, 1);
    expect([...viewsAt(ORDERS, records, START)]).toMatchObject([{ id: 'a', weight: 0 }]);
    expect(turns).toBe(1);
    const forgetful = during(async () => state.journal.compact({ revision: 10, removed: [], removedEntries: [] }));
    await expect(serviceAt(forgetful, ORDERS, 1)).rejects.toEqual(refusal('COMPACTED'));
  });

  it.each([
    ['an epoch', false],
    ['the beginning of an epoch', true],
  ])(
    '[J6] walks the shorter direction over %s: back if little has changed, forward if everything soon did',
    async (_, over) => {
      const awake = new AwakeNamespace();
      awake.put('a b');
      if (over) changeEpoch(awake.state, 'imported', 'admin');
      for (let weight = 2; weight < 1_000; weight++) awake.put('a', { weight });
      awake.put('b', { weight: 9 });
      await settle();
      let rows = 0;
      const { journal } = awake.state;
      const { changesAt } = journal;
      journal.changesAt = (revision) => {
        rows += 1;
        return changesAt.call(journal, revision);
      };
      expect(await seen(awake, 2)).toBe('a:1 b:1');
      expect(rows).toBeLessThan(100);
    },
  );

  it('finds nothing for a service that never existed', async () => {
    expect(await seen(new AwakeNamespace(), 0)).toBe('');
  });
});

describe('viewsAt', () => {
  it('starts after an id', async () => {
    const awake = new AwakeNamespace();
    awake.put('c a b');
    const records = await serviceAt(awake.state, ORDERS, 3);
    expect([...viewsAt(ORDERS, records, START, 'a')].map(({ id }) => id)).toEqual(['b', 'c']);
  });
});
