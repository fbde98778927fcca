import { describe, expect, it } from 'vitest';
import { bodyOf, refusal } from '../../../../test/contracts/namespace/scene';
import { OPERATOR } from '../../../../test/fixtures/callers';
import { ALL, EntryCalls } from '../../../../test/fixtures/entry-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { utf8Bytes } from '../../../model/bytes';
import {
  ENTRY_ROLLBACK_MAX_BYTES,
  ENTRY_ROLLBACK_MAX_COUNT,
  ENTRY_VALUE_MAX_BYTES,
  PAST_SLICE_MAX_COUNT,
} from '../../../model/limits';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';

function begin() {
  const namespace = new NodeNamespace();
  const { api } = namespace;
  /** Puts entries in one revision. */
  const putAll = (count: number, value: string) => {
    const { state } = namespace;
    const draft = new Draft(state, state.time.now());
    for (let index = 0; index < count; index += 1) {
      draft.entries.put(`k${index}`, { value: utf8Bytes(value), lease: null, facts: null }, 'put');
    }
    commit(state, draft, 'writer');
  };
  const rollBack = (to: string) => api.rollBackEntries(OPERATOR, { interval: ALL, to });
  return { namespace, api, calls: new EntryCalls(api), putAll, rollBack };
}

describe('a rollback of entries', () => {
  it('[KV14] has at most as many entries as its limit', async () => {
    const { calls, api, putAll, rollBack } = begin();
    const to = await calls.put('a', '');
    putAll(ENTRY_ROLLBACK_MAX_COUNT, '');
    const after = await calls.put('a', 'one more');
    await expect(rollBack(to)).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
    expect((await api.rangeEntries({ interval: ALL, countOnly: true })).cursor).toBe(after);
    await calls.delete('k0');
    expect(bodyOf(await rollBack(to))).toMatchObject({ deleted: ENTRY_ROLLBACK_MAX_COUNT - 1, restored: 1 });
  });

  it('[KV14] restores as many bytes as its limit, also again, and no more', async () => {
    const { calls, rollBack } = begin();
    const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    const most = ENTRY_ROLLBACK_MAX_BYTES / ENTRY_VALUE_MAX_BYTES;
    let full = '';
    for (let index = 0; index < most; index += 1) full = await calls.put(`k${index}`, value);
    const beyond = await calls.put('more', 'x');
    for (let index = 0; index < most; index += 1) await calls.put(`k${index}`, 'small');
    await calls.put('more', 'y');
    await expect(rollBack(beyond)).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
    expect(bodyOf(await rollBack(full))).toMatchObject({ restored: most, deleted: 1 });
    expect(bodyOf(await rollBack(full))).toMatchObject({ restored: 0, revision: null });
  });

  it('[KV10, N25] is refused if the namespace would have more than its limits, and changes nothing', async () => {
    const { namespace, calls, rollBack } = begin();
    await calls.put('a', '');
    const to = await calls.put('b', '');
    await calls.delete('b');
    await namespace.configure({ retention: {}, limits: { entries: 1 } });
    await expect(rollBack(to)).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
    expect(await calls.keys()).toEqual(['a']);
    await namespace.configure({ retention: {}, limits: { entries: 2 } });
    expect(bodyOf(await rollBack(to))).toMatchObject({ restored: 1 });
  });

  it('[KV14] is one step for everyone, whatever is put while it looks for the past', async () => {
    const { namespace, calls, putAll, rollBack } = begin();
    putAll(1_000, 'then');
    const to = await calls.put('last', 'then');
    putAll(900, 'since');
    const rolling = rollBack(to);
    const { nextTurn } = namespace.state.platform;
    for (let index = 900; index < 1_000; index += 10) {
      await nextTurn.call(namespace.state.platform);
      await calls.put(`k${index}`, 'meanwhile');
    }
    const { to: moment, revision, restored } = bodyOf(await rolling);
    expect(moment.cursor).toBe(to);
    const { entries } = await calls.range({ at: (await calls.history('k0')).changes[0]?.cursor ?? '' });
    expect(entries.map(({ value }) => value)).toEqual(entries.map(() => 'then'));
    expect(entries.filter((entry) => entry.revision === revision)).toHaveLength(restored);
  });
});

it('[KV13] a comparison examines a bounded number of keys, and continues after the last', async () => {
  const { api, calls, putAll } = begin();
  const from = await calls.put('a', '');
  putAll(PAST_SLICE_MAX_COUNT + 1, '');
  const first = bodyOf(await api.diffEntries({ interval: ALL, from }));
  expect(first.entries).toHaveLength(PAST_SLICE_MAX_COUNT);
  expect(first.more).toBe(true);
  const to = first.to.cursor;
  const back = bodyOf(await api.diffEntries({ interval: ALL, from: to, to: from }));
  expect(back.entries).toHaveLength(PAST_SLICE_MAX_COUNT);
  const rest = bodyOf(await api.diffEntries({ interval: ALL, from, to, after: atob(first.next ?? '') }));
  expect(rest).toMatchObject({ entries: [{ key: 'k999' }], more: false });
});
