import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { presentRecords } from './present-records';

it('[Z10] is everything, each instance after what is said about it, from any record on', () => {
  const awake = new AwakeNamespace();
  awake.put('b a');
  awake.override('b', { weight: 2 });
  const own = { definition: { metadata: {}, protectThreshold: 0 }, createdRevision: 1 };
  awake.commit((draft) => draft.putService({ ...ORDERS, service: 'zebra' }, own, 'registered'));
  awake.commit((draft) => draft.putService(ORDERS, own, 'registered'));
  const { catalog } = awake.state;
  const all = [...presentRecords(catalog)];
  const inShort = all.map(({ kind, service, id }) => `${kind} ${service} ${id}`.trim());
  expect(inShort).toEqual([
    'service orders',
    'instance orders a',
    'override orders b',
    'instance orders b',
    'service zebra',
  ]);
  for (const [index, last] of all.entries()) {
    // No page ends between an override and its instance.
    if (last.kind !== 'override') expect([...presentRecords(catalog, last)]).toEqual(all.slice(index + 1));
  }
});

it('[Z10] leaves out what goes while it is read', () => {
  const awake = new AwakeNamespace();
  awake.put('a b c');
  const walk = presentRecords(awake.state.catalog);
  expect(walk.next().value).toMatchObject({ id: 'a' });
  awake.remove('b');
  expect([...walk].map(({ id }) => id)).toEqual(['c']);
});
