import { describe, expect, it } from 'vitest';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import type { RecordKey } from '../records/records';
import { wake } from '../wake';
import { DEFAULT_RETENTION } from './journal';
import { recordAt } from './past';

const record = (id: string, kind: RecordKey['kind'] = 'instance'): RecordKey => {
  return { kind, group: 'DEFAULT_GROUP', service: 'orders', id };
};

/** What a namespace that wakes to this past says of a record at a revision. */
async function pastOf(act: (stage: WatchStage) => Promise<void>) {
  const stage = new WatchStage();
  await act(stage);
  const { state } = wake(stage.namespace.platform, DEFAULT_RETENTION);
  return (key: RecordKey, revision: number) => {
    const found = recordAt(state, key, revision);
    const weight = /"weight":(\d+)/.exec(found?.text ?? '')?.[1];
    return found && { weight, revision: found.revision };
  };
}

describe('recordAt', () => {
  it('[W11] walks back through all that a record was, and was not', async () => {
    const at = await pastOf(async ({ scene }) => {
      await scene.register('a', { weight: 11 });
      await scene.register('other');
      await scene.patch('a', { weight: 13 });
      await scene.deregister('a');
      await scene.register('a', { weight: 15 });
      await scene.deregister('a');
      await scene.register('other', { weight: 99 });
    });
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((revision) => at(record('a'), revision))).toEqual([
      undefined,
      { weight: '11', revision: 1 },
      { weight: '11', revision: 1 },
      { weight: '13', revision: 3 },
      undefined,
      { weight: '15', revision: 5 },
      undefined,
      undefined,
    ]);
  });

  it('[W11] tells the kinds of record of one id apart', async () => {
    const at = await pastOf(async ({ scene }) => {
      await scene.register('a', { weight: 11 });
      await scene.override('a', { weight: 12 });
      await scene.putService();
      await scene.clearOverride('a');
    });
    const kinds = (revision: number) => [
      at(record('a'), revision)?.weight,
      at(record('a', 'override'), revision)?.weight,
    ];
    expect([1, 2, 3, 4].map(kinds)).toEqual([
      ['11', undefined],
      ['11', '12'],
      ['11', '12'],
      ['11', undefined],
    ]);
    expect([2, 3].map((revision) => at(record('', 'service'), revision)?.revision)).toEqual([undefined, 3]);
  });

  it('knows nothing of a record or a service that never was', async () => {
    const at = await pastOf(async ({ scene }) => void (await scene.register('a')));
    expect(at(record('b'), 1)).toBeUndefined();
    expect(at({ ...record('a'), service: 'users' }, 1)).toBeUndefined();
  });
});
