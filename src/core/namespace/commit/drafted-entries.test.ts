import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { settle } from '../../../../test/simulation/virtual-time';
import { utf8Bytes } from '../../../model/bytes';
import {
  ENTRIES_PER_NAMESPACE_MAX_BYTES,
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { EntryStore } from '../entries/entry-store';
import { DraftedEntries, type EntryInput } from './drafted-entries';

const input = (text = ''): EntryInput => ({ value: utf8Bytes(text), lease: null, facts: null });

function begin() {
  const awake = new AwakeNamespace();
  awake.commit(({ entries }) => entries.put('a', input('first'), 'put'));
  return { awake, draft: new DraftedEntries(awake.state.entries, awake.state.journal, awake.state.granted) };
}

describe('put and delete', () => {
  it('[KV2] count versions from 1, and start again after a delete', () => {
    const { draft } = begin();
    draft.put('a', input('second'), 'put');
    expect(draft.get('a')).toMatchObject({ version: 2, createdRevision: 1, revision: 2, size: 6 });
    draft.delete('a', 'deleted');
    expect(draft.get('a')).toBeUndefined();
    draft.put('a', input(), 'put');
    expect(draft.get('a')).toMatchObject({ version: 1, createdRevision: 2, revision: 2 });
  });

  it('[KV2, C3] leave one change for each key, with the entry before the revision', () => {
    const { draft } = begin();
    draft.put('b', input('new'), 'put');
    draft.put('a', input('second'), 'put');
    draft.put('b', input('newer'), 'put');
    draft.put('c', input('for a moment'), 'put');
    draft.delete('c', 'deleted');
    draft.delete('never', 'deleted');
    expect(
      draft.committed().map(({ key, previous, before, after }) => [key, previous, before?.size, after?.version]),
    ).toEqual([
      ['b', 0, undefined, 1],
      ['a', 1, 5, 2],
    ]);
  });

  it('[C5] change nothing before they are committed', () => {
    const { awake, draft } = begin();
    draft.put('a', input('second'), 'put');
    draft.delete('a', 'deleted');
    expect(awake.state.entries.get('a')).toMatchObject({ version: 1 });
  });
});

describe('require', () => {
  it('[KV3] accepts an entry that meets the precondition', () => {
    const { draft } = begin();
    draft.require('a', {});
    draft.require('a', { absent: false });
    draft.require('a', { revision: 1 });
    draft.require('b', { absent: true });
  });

  it('[KV3, Q3] takes a cursor, since which the entry must be unchanged', async () => {
    const { awake } = begin();
    const before = awake.state.journal.cursor;
    awake.commit(({ entries }) => entries.put('b', input(), 'put'));
    const after = awake.state.journal.cursor;
    await settle();
    const { entries: draft } = awake.draft();
    draft.require('a', { cursor: before });
    draft.require('a', { cursor: after });
    draft.require('b', { cursor: after });
    for (const [key, cursor] of [
      ['b', before],
      ['never', after],
      ['a', 'celsewhere.1.1'],
    ] as const) {
      expect(() => draft.require(key, { cursor }), `${key} ${cursor}`).toThrow(/cursor/);
    }
    draft.put('a', input(), 'put');
    expect(() => draft.require('a', { cursor: after })).toThrow('has changed since the cursor');
    expect(() => draft.require('a', { revision: 3 })).toThrow('it has revision 0');
  });

  it('[KV3] refuses any other, with what there is', () => {
    const { draft } = begin();
    for (const [key, precondition, found] of [
      ['a', { absent: true }, 'already exists'],
      ['a', { revision: 2 }, 'it has revision 1'],
      ['b', { absent: false }, 'there is no entry "b"'],
      ['b', { revision: 1 }, 'there is none'],
    ] as const) {
      const refused = expect.objectContaining({
        code: 'REVISION_MISMATCH',
        message: expect.stringContaining(found),
      });
      expect(() => draft.require(key, precondition), `${key} ${JSON.stringify(precondition)}`).toThrow(refused);
    }
  });
});

describe('assertRoom', () => {
  /** Returns a draft over a store that seems to hold these amounts. */
  function full(amounts: Partial<Pick<EntryStore, 'count' | 'keyBytes' | 'valueBytes'>>) {
    const { awake } = begin();
    const store = awake.state.entries;
    for (const [name, value] of Object.entries({ count: 1, keyBytes: 1, valueBytes: 5, ...amounts })) {
      Object.defineProperty(store, name, { get: () => value });
    }
    return new DraftedEntries(store, awake.state.journal, awake.state.granted);
  }

  const FULL = {
    count: { count: ENTRIES_PER_NAMESPACE_MAX_COUNT },
    keys: { keyBytes: ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES },
    bytes: { valueBytes: ENTRIES_PER_NAMESPACE_MAX_BYTES - 1 },
  };

  it('[KV10] refuses a new entry in a full namespace, whatever it is full of', () => {
    for (const [what, amounts] of Object.entries(FULL)) {
      const draft = full(amounts);
      draft.put('b', input(), 'put');
      expect(() => draft.assertRoom({}), what).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    }
  });

  it('[KV10] accepts what makes a full namespace smaller, and what leaves it as large', () => {
    for (const [what, amounts] of Object.entries(FULL)) {
      const draft = full(amounts);
      draft.put('a', input('4444'), 'put');
      expect(() => draft.assertRoom({}), what).not.toThrow();
      draft.delete('a', 'deleted');
      draft.put('b', input('55555'), 'put');
      expect(() => draft.assertRoom({}), what).not.toThrow();
      draft.put('b', input('666666'), 'put');
      if (what === 'bytes') expect(() => draft.assertRoom({}), what).toThrow(/more than the maximum of 268435456/);
      else expect(() => draft.assertRoom({}), what).not.toThrow();
    }
  });

  it('[KV10] accepts the last entry that fits', () => {
    const draft = full({ count: ENTRIES_PER_NAMESPACE_MAX_COUNT - 1 });
    draft.put('b', input(), 'put');
    expect(() => draft.assertRoom({})).not.toThrow();
    draft.put('c', input(), 'put');
    expect(() => draft.assertRoom({})).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  });

  it('[N25] refuses more than the limits of the namespace, and names them', () => {
    const { draft } = begin();
    draft.put('b', input('55555'), 'put');
    expect(() => draft.assertRoom({ entries: 2, entryBytes: 12 })).not.toThrow();
    expect(() => draft.assertRoom({ entries: 1 })).toThrow(
      'this namespace would have 2 entries, more than the 1 that its limit limits.entries allows; delete some first, or ask its admin to raise it',
    );
    expect(() => draft.assertRoom({ entryBytes: 11 })).toThrow(
      /12 bytes of entries, more than the 11 .*limits\.entryBytes /,
    );
  });

  it('[N26] refuses a token more than its share, and counts only what it put last', () => {
    const { awake } = begin();
    const { entries, journal } = awake.state;
    const by = { tokenId: 't', share: 'half' } as const;
    const of = (tokenId: string, text: string) => ({ ...input(text), facts: { actor: tokenId } });
    awake.commit((draft) => draft.entries.put('mine', of('t', '123456'), 'put'));
    awake.commit((draft) => draft.entries.put('yours', of('other', '123456'), 'put'));
    const trial = (act: (draft: DraftedEntries) => void, limits: NamespaceLimits) => {
      const draft = new DraftedEntries(entries, journal, new Map());
      act(draft);
      return expect(() => draft.assertRoom(limits, by));
    };
    const putNew = (draft: DraftedEntries) => void draft.put('new', of('t', '1'), 'put');
    trial(putNew, { entries: 4 }).not.toThrow();
    trial(putNew, { entries: 4, perToken: { entries: 1 } }).toThrow(/limits\.perToken\.entries/);
    trial(putNew, { perToken: { entryBytes: 14 } }).not.toThrow();
    trial(putNew, { perToken: { entryBytes: 13 } }).toThrow(
      /14 bytes of entries, up from 10: .*limits\.perToken\.entryBytes/,
    );
    const taking = (draft: DraftedEntries) => void draft.put('yours', of('t', '1'), 'put');
    trial(taking, { perToken: { entries: 1 } }).toThrow(/2 entries, up from 1/);
    const exchanging = (draft: DraftedEntries) => {
      taking(draft);
      draft.delete('mine', 'deleted');
    };
    trial(exchanging, { perToken: { entries: 1 } }).not.toThrow();
    trial((draft) => void draft.put('mine', of('t', '1'), 'put'), {
      perToken: { entries: 1, entryBytes: 1 },
    }).not.toThrow();
    trial((draft) => void draft.put('new', of('t', '1'), 'imported'), { perToken: { entries: 1 } }).not.toThrow();
  });
});
