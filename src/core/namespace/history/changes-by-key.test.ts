import { afterEach, expect, it, vi } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { settle } from '../../../../test/simulation/virtual-time';
import { utf8Bytes, utf8Text } from '../../../model/bytes';
import { JOURNAL_PART_MAX_ENTRIES_COUNT, LEASE_END_SLICE_MAX_COUNT } from '../../../model/limits';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';
import { endGranted } from '../leases/granting';
import { continueEnds } from '../leases/slow-end';
import { ChangesByKey } from './changes-by-key';

const COUNT = 3 * LEASE_END_SLICE_MAX_COUNT;

const nameOf = (index: number) => `k${String(index).padStart(5, '0')}`;

/** Stages a revision with several parts: the end of a lease that holds much, of which only the last step is left. */
async function begin() {
  const namespace = new NodeNamespace();
  const { state } = namespace;
  const { id } = await new LeaseCalls(namespace.api).grant();
  const draft = new Draft(state, state.time.now());
  for (let index = 0; index < COUNT; index++) {
    const value = utf8Bytes(`value ${index}`);
    draft.entries.put(nameOf(index), { value, lease: Number(id), facts: { actor: 'owner' } }, 'put');
  }
  commit(state, draft, OWNER.tokenId);
  await settle();
  const lease = state.granted.get(Number(id));
  const ended = state.journal.revision + 1;
  endGranted(state, lease === undefined ? [] : [lease], 'revoked', OWNER.tokenId, state.time.now());
  const doSlice = () => continueEnds(state, state.time.now());
  while (lease?.ending?.staged?.next !== COUNT) {
    doSlice();
    await settle();
  }
  // A part that is staged again gets a new row.
  const calls = new EntryCalls(namespace.api);
  await calls.delete(nameOf(2));
  doSlice();
  await settle();
  return { state, ended: ended + 1, end: doSlice, calls };
}

const valuesOf = (changes: ChangesByKey, revision: number) =>
  [0, COUNT - 1, 1, COUNT >> 1, COUNT].map((index) => {
    const value = changes.at(revision, nameOf(index))?.before?.value;
    return value === undefined ? 'none' : utf8Text(value);
  });

const EXPECTED = [0, COUNT - 1, 1, COUNT >> 1].map((index) => `value ${index}`).concat('none');

const VALUES = Array.from({ length: COUNT }, (_, index) => `value ${index}`);

afterEach(() => {
  vi.restoreAllMocks();
});

it('[KV7, GL7] finds the changes of a revision of several parts while these are staged, and once they are copied', async () => {
  const { state, ended, end } = await begin();
  end();
  const changes = new ChangesByKey(state.journal);
  expect(state.journal.entries.isStaged(ended)).toBe(true);
  expect(valuesOf(changes, ended)).toEqual(EXPECTED);
  await settle();
  expect(state.journal.entries.isStaged(ended)).toBe(false);
  expect(valuesOf(changes, ended)).toEqual(EXPECTED);
});

it('[KV7] finds changes that are not on the disk, and nothing of a revision that was removed', async () => {
  const { state, ended, end } = await begin();
  end();
  const draft = new Draft(state, state.time.now());
  draft.entries.put(nameOf(7), { value: utf8Bytes('new'), lease: null, facts: null }, 'put');
  commit(state, draft, OWNER.tokenId);
  const changes = new ChangesByKey(state.journal);
  expect(changes.at(ended + 1, nameOf(7))).toMatchObject({ before: null, after: { version: 1 } });
  expect(changes.at(ended + 1, nameOf(8))).toBeUndefined();
  await settle();
  expect(changes.at(ended, nameOf(8))).toMatchObject({ after: null });
  state.platform.storage.run('UPDATE journal SET entries = NULL');
  expect(changes.at(ended, nameOf(COUNT - 1))).toBeUndefined();
});

it('[KV7] the history of a key copies no values of other keys', async () => {
  const { calls, end } = await begin();
  end();
  await settle();
  const copied = vi.spyOn(ArrayBuffer.prototype, 'slice');
  expect((await calls.history(nameOf(5))).changes).toHaveLength(2);
  expect(copied.mock.calls.length).toBeLessThan(20);
});

it('[KV7] a past range reads each part of a large revision no more than twice', async () => {
  const { state, calls, ended, end } = await begin();
  end();
  await settle();
  const at = state.journal.cursorAt(ended - 1);
  const read = vi.spyOn(state.journal.entries, 'partAt');
  const { entries } = await calls.range({ at, limit: COUNT });
  expect(entries.map(({ value }) => value)).toEqual(VALUES.filter((_, index) => index !== 2));
  // Twice for each part but the first: to find the entries, and to read their values.
  expect(read.mock.calls.length).toBeLessThanOrEqual(8);
});

it('[KV7] finds keys that alternate between parts without reading a part for each', async () => {
  const { state } = await begin();
  const names = Array.from({ length: 2 * JOURNAL_PART_MAX_ENTRIES_COUNT }, (_, index) => `n${index}`);
  const draft = new Draft(state, state.time.now());
  for (const name of names) draft.entries.put(name, { value: utf8Bytes(name), lease: null, facts: null }, 'put');
  commit(state, draft, 'owner');
  await settle();
  const { revision } = state.journal;
  const changes = new ChangesByKey(state.journal);
  const read = vi.spyOn(state.journal.entries, 'partAt');
  for (let index = 0; index < JOURNAL_PART_MAX_ENTRIES_COUNT; index++) {
    for (const name of [names[index], names.at(-1 - index)]) {
      expect(utf8Text(changes.at(revision, name ?? '')?.after?.value ?? utf8Bytes(''))).toBe(name);
    }
  }
  expect(read).toHaveBeenCalledTimes(1);
});

it('[KV7] finds keys whose changes alternate between revisions without reading these for each', async () => {
  const { state } = await begin();
  const names = Array.from({ length: 10 }, (_, index) => `n${index}`);
  for (const text of ['old', 'new']) {
    const draft = new Draft(state, state.time.now());
    for (const name of names) draft.entries.put(name, { value: utf8Bytes(text), lease: null, facts: null }, 'put');
    commit(state, draft, 'owner');
    await settle();
  }
  const { revision } = state.journal;
  const changes = new ChangesByKey(state.journal);
  const read = vi.spyOn(state.journal.entries, 'placedParts');
  for (const name of names) {
    for (const back of [0, 1]) expect(changes.at(revision - back, name)?.after?.revision).toBe(revision - back);
  }
  expect(read).toHaveBeenCalledTimes(2);
});
