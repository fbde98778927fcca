import { describe, expect, it } from 'vitest';
import { refusal } from '../../../../test/contracts/namespace/scene';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { rollBack } from './rollback';
import { serviceAt } from './service-past';

const OPERATOR = { tokenId: 'operator', operates: true };
const time = (ms: number) => new Date(START + ms).toISOString();

function begin() {
  const awake = new AwakeNamespace();
  const rollBackTo = async (revision: number, caller = OPERATOR) => {
    const then = await serviceAt(awake.state, ORDERS, revision);
    const before = awake.state.journal.revision;
    const done = awake.commit((draft) => rollBack(draft, caller, ORDERS, then, awake.state.catalog.service(ORDERS)));
    return { ...done, revisions: awake.state.journal.revision - before };
  };
  const override = (id: string) => awake.state.catalog.override(key(id))?.record.override;
  const putService = (protectThreshold: number) =>
    awake.commit((draft) =>
      draft.putService(
        ORDERS,
        { definition: { metadata: {}, protectThreshold }, createdRevision: draft.revision },
        'updated',
      ),
    );
  return { awake, rollBackTo, override, putService };
}

describe('rollBack', () => {
  it('[J9] restores overrides and the service, and leaves registrations unchanged', async () => {
    const { awake, rollBackTo, override, putService } = begin();
    awake.put('a b');
    awake.override('a', { weight: 5 });
    putService(0.5);
    const then = awake.state.journal.revision;
    awake.override('a', { enabled: false });
    awake.override('b', { quarantine: {} });
    putService(0.9);
    awake.put('a', { weight: 7 });
    awake.put('new');
    const text = awake.state.catalog.instance(key('a'))?.text;
    expect(await rollBackTo(then)).toEqual({
      service: 'restored',
      restored: ['a'],
      removed: ['b'],
      gone: [],
      revisions: 1,
    });
    expect([override('a'), override('b')]).toEqual([{ weight: 5 }, undefined]);
    expect(awake.state.catalog.service(ORDERS)?.own?.record.definition.protectThreshold).toBe(0.5);
    expect(awake.state.catalog.instance(key('a'))?.text).toBe(text);
    expect(awake.ids()).toEqual(['a', 'b', 'new']);
    expect((await awake.journal(then)).at(-1)?.changes.map(({ cause, kind }) => `${cause} ${kind}`)).toEqual([
      'rolled-back service',
      'rolled-back override',
      'rolled-back override',
    ]);
  });

  it('[J9] changes nothing when repeated', async () => {
    const { awake, rollBackTo } = begin();
    awake.put('a');
    awake.override('a', { weight: 5 });
    awake.override('a', { weight: 6 });
    expect(await rollBackTo(2)).toMatchObject({ restored: ['a'], revisions: 1 });
    expect(await rollBackTo(2)).toEqual({ service: undefined, restored: [], removed: [], gone: [], revisions: 0 });
  });

  it('[J9] brings back no instance, and lists the removed ones', async () => {
    const { awake, rollBackTo, override } = begin();
    awake.put('a b');
    awake.override('a', { weight: 5 });
    awake.override('b', { weight: 6 });
    awake.remove('a');
    awake.remove('b');
    awake.commit((draft) => draft.putOverride(key('a'), null, 'overridden'));
    awake.override('b', { weight: 7 });
    expect(await rollBackTo(4)).toMatchObject({ gone: ['a'], restored: ['b'] });
    expect(awake.ids()).toEqual([]);
    expect([override('a'), override('b')]).toEqual([undefined, { weight: 6 }]); // the one of b still lingers
  });

  it('[J9] doesn’t restore a quarantine that would have ended', async () => {
    const { awake, rollBackTo, override } = begin();
    awake.put('a b c');
    awake.override('a', { quarantine: { until: time(1_000) }, weight: 2 });
    awake.override('b', { quarantine: { until: time(1_000) } });
    awake.override('c', { quarantine: { until: time(9_000) } });
    for (const id of 'abc') awake.override(id, { enabled: false });
    awake.platform.jump(2_000);
    expect(await rollBackTo(6)).toMatchObject({ restored: ['a', 'c'], removed: ['b'] });
    expect(['a', 'b', 'c'].map(override)).toEqual([{ weight: 2 }, undefined, { quarantine: { until: time(9_000) } }]);
  });

  it('[J9] removes service settings that were added later', async () => {
    const { awake, rollBackTo, putService } = begin();
    awake.put('a');
    putService(0.5);
    expect(await rollBackTo(1)).toMatchObject({ service: 'removed' });
    expect(awake.state.catalog.service(ORDERS)?.own).toBeUndefined();
    expect(await rollBackTo(2)).toMatchObject({ service: 'restored' });
  });

  it('[J9] requires an operator of the service', async () => {
    const { awake, rollBackTo } = begin();
    awake.put('a');
    await expect(rollBackTo(0, { tokenId: 'owner', operates: false })).rejects.toEqual(refusal('FORBIDDEN'));
  });
});
