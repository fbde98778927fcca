import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { settle } from '../../../../test/simulation/virtual-time';
import { type HistoryScope, newestPlace, serviceOf, walkBack } from './journal-walk';

async function begin() {
  const awake = new AwakeNamespace();
  awake.put('a b');
  for (let weight = 2; weight < 50; weight++) awake.put('b', { weight });
  awake.put('a', { weight: 7 });
  awake.override('a', { weight: 1 });
  await settle();
  const steps = (scope: HistoryScope) => [...walkBack(awake.state.journal, scope, newestPlace(awake.state, scope))];
  return { awake, steps };
}

describe('walkBack', () => {
  it('[J4] visits only the revisions of an instance, by its chain', async () => {
    const { steps } = await begin();
    const seen = steps({ service: 'orders', instance: 'a' });
    expect(seen.map(({ entry }) => entry.revision)).toEqual([52, 51, 1]);
    expect(seen.map(({ rest }) => rest)).toEqual([
      [51, 0],
      [1, 0],
      [0, 0],
    ]);
  });

  it('[J4] starts with a removed record, and reports a change of instance and override as one', async () => {
    const { awake, steps } = await begin();
    awake.commit((draft) => {
      const key = { group: 'DEFAULT_GROUP', service: 'orders', id: 'a' };
      draft.removeInstance(key, 'expired');
      draft.putOverride(key, null, 'overridden');
    });
    expect(newestPlace(awake.state, { service: 'orders', instance: 'a' })).toEqual([53, 53]);
    await settle();
    const [newest] = steps({ service: 'orders', instance: 'a' });
    expect(newest?.changes.map(({ kind }) => kind)).toEqual(['instance', 'override']);
    expect(newest?.rest).toEqual([51, 52]);
  });

  it('[J4] visits every revision of a namespace once', async () => {
    const { steps } = await begin();
    expect(steps({}).map(({ entry }) => entry.revision)).toEqual(Array.from({ length: 52 }, (_, index) => 52 - index));
  });
});

describe('serviceOf', () => {
  it('is in the default group unless one is given', () => {
    expect(serviceOf({ service: 's' })).toEqual({ group: 'DEFAULT_GROUP', service: 's' });
    expect(serviceOf({ group: 'g', service: 's' })).toEqual({ group: 'g', service: 's' });
    expect(serviceOf({ group: 'g' })).toBeUndefined();
  });
});
