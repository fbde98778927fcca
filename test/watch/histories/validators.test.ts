import { describe, expect, it } from 'vitest';
import { encodeCursor } from '../../../src/model/cursor';
import { WatchScope } from '../../../src/model/frames';
import { everyRow } from '../../fixtures/every-row';
import type { RecordChange } from './record-change';
import type { Received, StreamHistory } from './stream-history';
import { Truth } from './truth';
import { VALIDATORS, validate } from './validators';

const change = (id: string, shows: string | null, service = 'orders'): RecordChange => ({
  group: 'g',
  service,
  record: `g@@${service}/${id}`,
  shows,
});

const entry = (key: string, shows: string | null, was: string | null = null): RecordChange => {
  return { group: '', service: '', key, record: `key ${key}`, shows, was };
};

/** Six revisions, ten seconds apart; the fourth is of another service, and the sixth comes much later. */
const HAPPENED: RecordChange[][] = [
  [change('a', 'a1')],
  [change('b', 'b2')],
  [change('a', 'a3'), change('b', null)],
  [change('u', 'u4', 'users'), entry('other', 'o4')],
  [change('c', 'c5'), entry('k2', 'x5'), entry('k1', 'y5')],
  [change('a', null)],
];

const cursorOf = (revision: number) => encodeCursor({ epoch: 'epoch', revision, check: revision * 7 });
const atOf = (revision: number) => revision * 10_000 + (revision === 6 ? 60_000 : 0);

function truth(): Truth {
  const happened = new Truth();
  for (const [index, changes] of HAPPENED.entries()) {
    const revision = index + 1;
    happened.revisions.push({
      revision,
      cursor: cursorOf(revision),
      cause: 'updated',
      actor: 'x',
      at: atOf(revision),
      changes,
    });
  }
  return happened;
}

const frame = (type: 'snapshot' | 'changes', revision: number, changes: RecordChange[], more = {}): Received => ({
  type,
  at: atOf(revision) + 10,
  sent: { at: atOf(revision) + 5, durable: revision, compacted: 0 },
  cursor: cursorOf(revision),
  revision,
  part: 0,
  last: true,
  cause: type === 'changes' ? 'updated' : '',
  actor: type === 'changes' ? 'x' : '',
  changes,
  ...more,
});

const delivered = (revision: number, more = {}): Received =>
  frame('changes', revision, HAPPENED[revision - 1] ?? [], more);

const bookmark = (revision: number, at = atOf(revision) + 20): Received => ({
  type: 'bookmark',
  at,
  sent: { at, durable: revision, compacted: 0 },
  cursor: cursorOf(revision),
});

const reset = (compacted: number): Received => ({
  type: 'reset',
  at: 0,
  sent: { at: 0, durable: 6, compacted },
  reason: 'compacted',
});

/** Returns a correct stream: from a snapshot at 2 on, over a socket that broke after revision 3. */
function good(): StreamHistory & { first: Received[]; second: Received[] } {
  const first = [frame('snapshot', 2, [change('a', 'a1'), change('b', 'b2')]), delivered(3)];
  const second = [bookmark(4), delivered(5), delivered(6)];
  return {
    name: 'stream',
    scope: WatchScope.parse({ services: ['g@@orders'], keys: [{ prefix: 'k' }] }),
    previous: true,
    isEager: true,
    base: undefined,
    settledAt: 6,
    links: [
      { cursor: undefined, openedAt: 20_000, closedAt: 35_000, syncs: [], received: first },
      { cursor: cursorOf(3), openedAt: 36_000, syncs: [{ at: 40_010, durable: 4 }], received: second },
    ],
    first,
    second,
  };
}

const guarantees = (stream: StreamHistory) => [...new Set(validate(stream, truth()).map(({ guarantee }) => guarantee))];

/** Defects that each validator must find, as a client would see them. */
const DEFECTS: [keyof typeof VALIDATORS, string, (history: ReturnType<typeof good>) => void][] = [
  [
    'ordered',
    'a revision that comes after a later one',
    ({ second }) => second.splice(1, 2, delivered(6), delivered(5)),
  ],
  ['ordered', 'a bookmark that goes back', ({ second }) => second.push(bookmark(3))],
  ['ordered', 'a resume that goes back', ({ second }) => second.unshift(bookmark(2))],
  [
    'atomic',
    'a revision without one of its changes',
    ({ first }) => first.splice(1, 1, frame('changes', 3, [change('a', 'a3')])),
  ],
  [
    'atomic',
    'a revision whose last part never arrives',
    ({ second }) => second.splice(1, 1, delivered(5, { part: 0, last: false })),
  ],
  [
    'atomic',
    'mixed parts of two revisions',
    ({ second }) => second.splice(1, 2, delivered(5, { part: 0, last: false }), delivered(6, { part: 1, last: true })),
  ],
  ['atomic', 'another cause', ({ second }) => second.splice(1, 1, delivered(5, { cause: 'expired' }))],
  ['scoped', 'a change of another service', ({ second }) => second.splice(1, 0, delivered(4))],
  [
    'scoped',
    'a change that did not happen',
    ({ second }) => second.splice(1, 1, frame('changes', 5, [change('c', 'c5'), change('d', 'd')])),
  ],
  [
    'scoped',
    'a snapshot beyond the requested scope',
    ({ first }) => first.splice(0, 1, frame('snapshot', 2, [change('x', 'x', 'users')])),
  ],
  [
    'scoped',
    'an entry that is not in scope',
    ({ second }) => second.splice(0, 1, frame('changes', 4, [entry('other', 'o4')])),
  ],
  [
    'arranged',
    'two entries in another order',
    ({ second }) => second.splice(1, 1, frame('changes', 5, [change('c', 'c5'), entry('k1', 'y5'), entry('k2', 'x5')])),
  ],
  [
    'arranged',
    'another entry before its change',
    ({ second }) =>
      second.splice(1, 1, frame('changes', 5, [change('c', 'c5'), entry('k2', 'x5', 'x1'), entry('k1', 'y5')])),
  ],
  ['unique', 'a revision that comes twice', ({ second }) => second.push(delivered(6))],
  ['unique', 'a revision that comes again after a resume', ({ second }) => second.unshift(delivered(3))],
  [
    'unique',
    'a record twice in one revision',
    ({ second }) => second.splice(1, 1, frame('changes', 5, [change('c', 'c5'), change('c', 'c5')])),
  ],
  ['reliable', 'a revision that is missing', ({ second }) => second.splice(1, 1)],
  [
    'reliable',
    'a revision that is missing at a resume',
    (history) => Object.assign(history.links[0] ?? {}, { received: history.first.slice(0, 1) }),
  ],
  ['reliable', 'a revision that a bookmark passes over', ({ second }) => second.splice(1, 2, bookmark(6))],
  ['reliable', 'the last revision missing', ({ second }) => second.pop()],
  [
    'resumable',
    'a reset where nothing was compacted',
    ({ second }) => second.unshift(reset(2), frame('snapshot', 3, [])),
  ],
  ['resumable', 'an unrequested snapshot', ({ second }) => second.unshift(frame('snapshot', 3, []))],
  ['resumable', 'no snapshot after a reset', ({ second }) => second.unshift(reset(3))],
  [
    'bookmarked',
    'a cursor of no revision',
    ({ second }) => second.splice(0, 1, { ...bookmark(4), cursor: 'cepoch.4.1' } as Received),
  ],
  ['bookmarked', 'a requested cursor that did not arrive', ({ second }) => second.shift()],
  [
    'bookmarked',
    'no cursor for an old revision',
    ({ second }) => second.splice(1, 2, delivered(5, { at: 200_000 }), delivered(6, { at: 200_010 })),
  ],
  [
    'durable',
    'a change that is not durable',
    ({ second }) => second.splice(1, 1, delivered(5, { sent: { at: 0, durable: 4, compacted: 0 } })),
  ],
  [
    'durable',
    'a bookmark of a revision that is not durable',
    ({ second }) => second.splice(0, 1, { ...bookmark(4), sent: { at: 0, durable: 3, compacted: 0 } }),
  ],
  [
    'faithful',
    'a record that is missing in a snapshot',
    ({ first }) => first.splice(0, 1, frame('snapshot', 2, [change('b', 'b2')])),
  ],
  [
    'faithful',
    'a record in an older state',
    ({ first }) => first.splice(0, 1, frame('snapshot', 2, [change('a', 'a0'), change('b', 'b2')])),
  ],
  [
    'faithful',
    'a record that was removed long ago',
    ({ first }) => first.splice(0, 1, frame('snapshot', 2, [change('a', 'a1'), change('b', 'b2'), change('z', 'z')])),
  ],
];

describe('the validators', () => {
  it('[I5] find nothing in a correct history', () => {
    expect(validate(good(), truth())).toEqual([]);
  });

  it('[I5] detect each violation of their guarantee', () =>
    everyRow(DEFECTS, ([guarantee, _what, spoil]) => {
      const history = good();
      spoil(history);
      expect(guarantees(history)).toContain(guarantee);
    }));

  it('[I5] have a defect each to detect', () => {
    expect(new Set(DEFECTS.map(([guarantee]) => guarantee))).toEqual(new Set(Object.keys(VALIDATORS)));
  });

  it('[I5] accept parts cut off by a broken socket, and a reset after compaction', () => {
    const cut = good();
    cut.first.push(delivered(5, { part: 0, last: false }));
    expect(validate(cut, truth())).toEqual([]);
    const compacted = good();
    compacted.second.splice(0, 1, reset(3), frame('snapshot', 4, [change('a', 'a3')]));
    expect(validate(compacted, truth())).toEqual([]);
  });

  it('[I5, W10] accept a snapshot whose later part is from a later revision', () => {
    const history = good();
    history.first.splice(
      0,
      2,
      frame('snapshot', 2, [change('a', 'a1')], { last: false }),
      frame('snapshot', 2, [], { revision: 3, part: 1, sent: { at: 0, durable: 3, compacted: 0 } }),
      delivered(3),
    );
    expect(validate(history, truth())).toEqual([]);
  });
});
