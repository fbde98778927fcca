import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { decodeInstance, encodeInstance, encodeService } from '../records/records';
import { changeBy, presentRecords, putStaged, removeUnstaged } from './staged-change';
import type { StagedRecord } from './staged-records';

const staged = (kind: StagedRecord['kind'], value: string): StagedRecord => ({ kind, ...key('a'), line: 2, value });
const instance = (input = {}, kept = {}) => encodeInstance(instanceRecord(input, kept));

it('[Z8] an instance is unchanged if its content and its owner are the same', () => {
  const row = staged('instance', instance({ weight: 2 }, { owner: 'o' }));
  const change = (text: string | undefined) => changeBy(row, text);
  expect(change(undefined)).toBe('added');
  expect(change(instance({ weight: 2 }, { owner: 'o', changes: 7, healthy: false, place: { zone: 'z' } }))).toBe(
    'unchanged',
  );
  expect(change(instance({ weight: 3 }, { owner: 'o' }))).toBe('changed');
  expect(change(instance({ weight: 2 }, { owner: 'other' }))).toBe('changed');
  expect(change(instance({ weight: 2 }, { owner: 'o"' }))).toBe('changed');
});

it('[Z8] a service is unchanged whatever its time of creation, an override only with the same author and time', () => {
  const definition = { metadata: { a: '1' }, protectThreshold: 0 };
  const service = staged('service', encodeService({ definition, createdRevision: 0 }));
  expect(changeBy(service, encodeService({ definition, createdRevision: 9 }))).toBe('unchanged');
  expect(
    changeBy(service, encodeService({ definition: { ...definition, protectThreshold: 1 }, createdRevision: 9 })),
  ).toBe('changed');
  expect(changeBy(staged('override', '{"x":1}'), '{"x":1}')).toBe('unchanged');
  expect(changeBy(staged('override', '{"x":1}'), '{"x":2}')).toBe('changed');
});

it('[Z9, Z10] writes an instance as registered now, and keeps the members of an existing one that the file doesn’t set', () => {
  const awake = new AwakeNamespace();
  awake.put('a', { weight: 1 }, { healthy: false, place: { zone: 'here' } });
  const before = decodeInstance(awake.state.catalog.instance(key('a'))?.text ?? '');
  awake.platform.jump(1_000);
  const file = instance({ weight: 2 }, { owner: 'file', registeredAt: 0 });
  awake.commit((draft) => {
    putStaged(draft, staged('instance', file));
    putStaged(draft, { ...staged('instance', file), id: 'b' });
  });
  const stamp = awake.platform.clock.now();
  const after = (id: string) => decodeInstance(awake.state.catalog.instance(key(id))?.text ?? '');
  expect(after('a')).toMatchObject({
    owner: 'file',
    healthy: true,
    place: { zone: 'here' },
    changes: 2,
    updatedAt: stamp,
  });
  expect(after('a').registeredAt).toBe(before.registeredAt);
  expect(after('b')).toMatchObject({ owner: 'file', createdRevision: 2, registeredAt: stamp, changes: 1 });
  awake.commit((draft) => removeUnstaged(draft, { kind: 'instance', ...key('a') }));
  expect(awake.ids()).toEqual(['b']);
});

it('[Z10] contains everything, each override before its instance, starting after any record', () => {
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

it('[Z10] omits records removed while it is read', () => {
  const awake = new AwakeNamespace();
  awake.put('a b c');
  const walk = presentRecords(awake.state.catalog);
  expect(walk.next().value).toMatchObject({ id: 'a' });
  awake.remove('b');
  expect([...walk].map(({ id }) => id)).toEqual(['c']);
});
