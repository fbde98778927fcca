import { expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { key } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { recover, renewLeases } from './renewing';

function begin() {
  const awake = new AwakeNamespace();
  awake.put('a b');
  awake.put('sick ill', {}, { healthy: false });
  awake.put('foreign', {}, { owner: 'stranger' });
  const entriesOf = (...ids: string[]) => {
    const { instances = new Map() } = awake.state.catalog.service({ group: 'DEFAULT_GROUP', service: 'orders' }) ?? {};
    return ids.map((id) => instances.get(id));
  };
  return { awake, entriesOf };
}

it('[L5, L12] renewLeases renews all of them, and unhealthy ones recover in one revision', async () => {
  const { awake, entriesOf } = begin();
  const before = awake.state.journal.revision;
  awake.platform.jump(5_000);
  const now = awake.state.time.now();
  renewLeases(awake.state, OWNER, entriesOf('a', 'sick', 'b', 'ill'), now);
  expect(await awake.story(before)).toEqual(['recovered sick ill']);
  for (const { lease } of entriesOf('a', 'sick', 'b', 'ill')) expect(awake.state.leases.renewedAt(lease)).toBe(now);
});

it('[A41] renewLeases renews none of them if one has another owner', () => {
  const { awake, entriesOf } = begin();
  const before = awake.state.time.now();
  awake.platform.jump(5_000);
  const entries = entriesOf('a', 'foreign', 'b');
  const now = awake.state.time.now();
  expect(() => renewLeases(awake.state, OWNER, entries, now)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  for (const { lease } of entries) expect(awake.state.leases.renewedAt(lease)).toBe(before);
  renewLeases(awake.state, OPERATOR, entries, now);
  for (const { lease } of entries) expect(awake.state.leases.renewedAt(lease)).toBe(now);
});

it('[L12] recover makes an instance healthy, and renews its lease', () => {
  const awake = new AwakeNamespace();
  awake.put('a', {}, { healthy: false, changes: 2 });
  const draft = awake.draft();
  recover(draft, key('a'));
  const change = { cause: 'recovered', renewed: true, record: { healthy: true, changes: 3, healthChangedAt: [START] } };
  expect([...draft.changes]).toMatchObject([change]);
  recover(draft, key('a'));
  expect([...draft.changes]).toMatchObject([change]);
});

it('[L4] recover requires an existing instance', () => {
  expect(() => recover(new AwakeNamespace().draft(), key('a'))).toThrow(
    expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }),
  );
});
