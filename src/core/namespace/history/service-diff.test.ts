import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { readJsonText } from '../../../model/json';
import { serviceDiff } from './service-diff';
import { serviceAt } from './service-past';

async function begin() {
  const awake = new AwakeNamespace();
  awake.put('a b c'); // 1 to 3
  awake.override('b', { weight: 5 }); // 4
  awake.remove('c'); // 5
  awake.override('c', { weight: 6 }); // 6: without an instance
  awake.commit((draft) =>
    draft.putService(
      ORDERS,
      { definition: { metadata: {}, protectThreshold: 0.5 }, createdRevision: draft.revision },
      'registered',
    ),
  ); // 7
  awake.put('a', { weight: 2 }); // 8
  awake.put('a'); // 9: as before
  const at = async (revision: number) => ({
    moment: { revision, cursor: `c${revision}`, at: revision },
    records: await serviceAt(awake.state, ORDERS, revision),
  });
  return async (from: number, to: number) => readJsonText(serviceDiff(ORDERS, await at(from), await at(to), {}));
}

describe('serviceDiff', () => {
  it('[J7] lists what was added, removed and changed, with overrides merged', async () => {
    const diff = await begin();
    const { instances, service, from, to } = await diff(2, 7);
    expect(instances).toMatchObject([{ id: 'b', before: { weight: 1 }, after: { weight: 5, overridden: true } }]);
    expect(service).toMatchObject({ before: { protectThreshold: 0 }, after: { protectThreshold: 0.5 } });
    expect([from.revision, to.revision]).toEqual([2, 7]);
    expect((await diff(1, 3)).instances).toMatchObject([
      { id: 'b', before: null, after: { id: 'b' } },
      { id: 'c', before: null, after: { id: 'c' } },
    ]);
    expect((await diff(3, 1)).instances.map(({ after }) => after)).toEqual([null, null]);
  });

  it('[J7] shows changes that were reverted, and no override without an instance', async () => {
    const diff = await begin();
    expect((await diff(7, 9)).instances.map(({ id }) => id)).toEqual(['a']);
    expect((await diff(5, 6)).instances).toEqual([]);
    const same = await diff(9, 9);
    expect([same.instances, same.service]).toEqual([[], undefined]);
  });
});
