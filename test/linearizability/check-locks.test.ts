import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history';
import { at, HandHistory } from './hand-history';
import type { Call, EntryStep, ShownEntry, ShownLock } from './operation';

const begin = () => new HandHistory();
const problemsOf = (hand: HandHistory) => checkHistory(hand.history).problems;

const isRight = (hand: HandHistory) => expect(problemsOf(hand)).toEqual([]);
const isWrong = (hand: HandHistory) => expect(problemsOf(hand)).not.toEqual([]);

describe('a history of locks', () => {
  const free = { lease: null, index: 1, acquiredRevision: 1 };
  const lockedBy = (lease: string, index = 1, acquiredRevision = index) => ({ lease, index, acquiredRevision });
  /** Adds a put that acquires or releases the lock of `e/a`. */
  const locks = (
    hand: HandHistory,
    times: [number, number?],
    change: { acquire: string } | { release: string },
    answer?: string | [revision: number, version: number, lock: ShownLock],
  ) => {
    const put: EntryStep = { op: 'put', key: 'e/a', value: String(times[0]), ...change };
    const call: Call = { kind: 'transact', if: [], do: [put], else: [] };
    if (answer === undefined) return hand.call(times, call);
    if (typeof answer === 'string') return hand.call(times, call, { kind: 'refused', code: answer });
    const [revision, version, lock] = answer;
    const entry = { key: 'e/a', revision, createdRevision: 1, version, lock };
    return hand.call(times, call, {
      kind: 'transacted',
      at: at(revision),
      succeeded: true,
      results: [{ op: 'put', entry }],
    });
  };
  const revoke = (hand: HandHistory, times: [number, number], revision: number) =>
    hand.call(times, { kind: 'revoke', lease: '1', group: 'e' }, { kind: 'revoked', at: at(revision) });
  const reads = (hand: HandHistory, times: [number, number], revision: number, shown: Omit<ShownEntry, 'key'>) =>
    hand.call(
      times,
      { kind: 'transact', if: [], do: [{ op: 'range', group: 'e' }], else: [] },
      {
        kind: 'transacted',
        at: at(revision),
        succeeded: true,
        results: [{ op: 'range', entries: [{ key: 'e/a', ...shown }] }],
      },
    );
  /** Two leases, of which the first has the lock. */
  const held = (terms: { ttlMs?: number; lockDelayMs?: number } = {}) => {
    const hand = begin().lease('1', terms, [0]).lease('2', { ttlMs: 60_000 }, [0]);
    return locks(hand, [20, 30], { acquire: '1' }, [1, 1, lockedBy('1')]);
  };
  const taken = [3, 3, lockedBy('2', 2, 3)] satisfies [number, number, ShownLock];

  it('has an order if one lease after another has the lock', () => {
    const hand = locks(held(), [40, 50], { acquire: '2' }, 'LOCK_HELD');
    locks(hand, [60, 70], { release: '1' }, [2, 2, free]);
    isRight(locks(hand, [80, 90], { acquire: '2' }, taken));
    isRight(locks(held(), [40, 50], { acquire: '1' }, [2, 2, lockedBy('1')]));
    isRight(locks(begin().lease('2', {}, [0]), [20, 30], { release: '2' }, 'CONFLICT'));
  });

  it('has none if two leases have the lock, or one is refused that is free', () => {
    isWrong(locks(held(), [40, 50], { acquire: '2' }, [2, 2, lockedBy('2', 2, 2)]));
    isWrong(locks(begin().lease('2', {}, [0]), [20, 30], { acquire: '2' }, 'LOCK_HELD'));
    isWrong(locks(held(), [40, 50], { release: '2' }, [2, 2, free]));
    isWrong(locks(held(), [40, 50], { release: '1' }, 'CONFLICT'));
  });

  it('has none if a fencing token does not grow', () => {
    const hand = () => locks(held(), [60, 70], { release: '1' }, [2, 2, free]);
    isWrong(locks(hand(), [80, 90], { acquire: '2' }, [3, 3, lockedBy('2', 2, 1)]));
    isWrong(locks(hand(), [80, 90], { acquire: '2' }, [3, 3, lockedBy('2', 1, 3)]));
  });

  it('has an order only if the end of a lease frees its lock, in a revision of its own', () => {
    const shown = { value: '20', createdRevision: 1, revision: 2, version: 2, lock: free };
    isRight(reads(revoke(held(), [40, 50], 2), [60, 70], 2, shown));
    isRight(locks(revoke(held(), [40, 50], 2), [60, 70], { acquire: '2' }, taken));
    isRight(locks(revoke(held(), [40, 50], 2), [60, 70], { acquire: '1' }, 'LEASE_NOT_FOUND'));
    isWrong(reads(revoke(held(), [40, 50], 2), [60, 70], 2, { ...shown, version: 1, lock: lockedBy('1') }));
    isWrong(reads(revoke(held(), [40, 50], 1), [60, 70], 1, { ...shown, revision: 1 }));
    isWrong(locks(revoke(held(), [40, 50], 2), [60, 70], { acquire: '2' }, 'LOCK_HELD'));
    isWrong(locks(held(), [60, 70], { acquire: '1' }, 'LEASE_NOT_FOUND'));
  });

  it('has an order only if a lease keeps its lock until it may expire, and not much longer', () => {
    isRight(locks(held(), [1_500, 1_510], { acquire: '2' }, taken));
    isWrong(locks(held(), [700, 710], { acquire: '2' }, taken));
    isRight(locks(held(), [1_500, 1_510], { acquire: '2' }, 'LOCK_HELD'));
    isWrong(locks(held(), [20_000, 20_010], { acquire: '2' }, 'LOCK_HELD'));
  });

  it('has an order only if the lock delay is kept, and is not longer', () => {
    const ended = () => revoke(held({ lockDelayMs: 500 }), [40, 50], 2);
    isRight(locks(ended(), [60, 70], { acquire: '2' }, 'LOCK_HELD'));
    isRight(locks(ended(), [600, 610], { acquire: '2' }, taken));
    isWrong(locks(ended(), [60, 70], { acquire: '2' }, taken));
    isWrong(locks(ended(), [700, 710], { acquire: '2' }, 'LOCK_HELD'));
  });
});
