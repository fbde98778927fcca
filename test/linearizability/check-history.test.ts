import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history';
import { at, content, HandHistory, SHORT, shown } from './hand-history';
import type { EntryResult, EntryStep, ShownEntry, Step } from './operation';

const A = content('a');
const B = content('b');

const begin = () => new HandHistory();
const problemsOf = (hand: HandHistory) => checkHistory(hand.history).problems;

const isRight = (hand: HandHistory) => expect(problemsOf(hand)).toEqual([]);
const isWrong = (hand: HandHistory) => expect(problemsOf(hand)).not.toEqual([]);

const registers = (key: string, mark: string, condition = {}): Step => {
  return { op: 'register', key, condition, content: content(mark) };
};

describe('a history of changes and reads', () => {
  const registered = () => begin().register([0, 10], 's/a', A, 1, 'created');

  it('has an order in which each answer follows from those before it', () => {
    isRight(registered().read([20, 30], 's/a', 1, shown('s/a', 1, A)));
    isRight(registered().list([5, 8], 's', 0, []));
    isRight(registered().deregister([20, 30], 's/a', 2).read([40, 50], 's/a', 2));
    isRight(
      registered()
        .register([20, 30], 's/a', A, 1)
        .read([40, 50], 's/a', 1, shown('s/a', 1, A)),
    );
  });

  it('has none with a stale read', () => {
    const changed = () => registered().register([20, 30], 's/a', B, 2);
    isWrong(changed().read([40, 50], 's/a', 1, shown('s/a', 1, A)));
    isWrong(changed().read([40, 50], 's/a', 2, shown('s/a', 1, A)));
    isWrong(changed().read([25, 50], 's/a', 2, shown('s/a', 1, A)));
    isRight(changed().read([25, 50], 's/a', 1, shown('s/a', 1, A)));
  });

  it('has none where a change is lost', () => {
    isWrong(registered().list([20, 30], 's', 1, []));
    isWrong(
      registered()
        .register([20, 30], 's/b', B, 2, 'created')
        .list([40, 50], 's', 2, [shown('s/b', 2, B)]),
    );
    isWrong(registered().register([20, 30], 's/a', B, 2, 'created'));
  });

  it('has none where two conditions on the same revision both hold', () => {
    const conditional = (hand: HandHistory, time: number, mark: string, revision: number) =>
      hand.change([time, time + 10], [registers('s/a', mark, { since: at(1) })], {
        kind: 'changed',
        at: at(revision),
        results: [{ revision, shown: shown('s/a', revision, content(mark)) }],
      });
    isRight(conditional(registered(), 20, 'x', 2));
    isWrong(conditional(conditional(registered(), 20, 'x', 2), 22, 'y', 3));
  });

  it('has none where a refusal has no reason', () => {
    const refused = { kind: 'refused' as const, code: 'REVISION_MISMATCH' }; // `as`: one of the kinds
    isRight(registered().change([20, 30], [registers('s/a', 'x', { absent: true })], refused));
    isRight(registered().change([5, 30], [registers('s/a', 'x', { absent: true })], refused));
    isWrong(registered().change([20, 30], [registers('s/a', 'x', { revision: 1 })], refused));
    isWrong(registered().change([20, 30], [registers('s/b', 'x', { absent: true })], refused));
  });

  it('has none where a read answers not modified after a change', () => {
    const unmodified = (since: number) =>
      registered()
        .deregister([20, 30], 's/a', 2)
        .call([40, 50], { kind: 'list', service: 's', since: at(since) }, { kind: 'unmodified', at: at(2) });
    isRight(unmodified(2));
    isWrong(unmodified(1));
  });
});

describe('a batch', () => {
  const batch = (hand: HandHistory) =>
    hand.change([0, 10], [registers('s/a', 'a'), registers('t/b', 'b')], {
      kind: 'changed',
      at: at(1),
      results: [
        { outcome: 'created', revision: 1 },
        { outcome: 'created', revision: 1 },
      ],
    });

  it('has an order as a whole', () => {
    isRight(
      batch(begin())
        .list([20, 30], 's', 1, [shown('s/a', 1, A)])
        .list([20, 30], 't', 1, [shown('t/b', 1, B)]),
    );
    isRight(
      batch(begin())
        .list([2, 4], 's', 1, [shown('s/a', 1, A)])
        .list([5, 7], 't', 1, [shown('t/b', 1, B)]),
    );
  });

  it('has none where only half of it is seen', () => {
    isWrong(batch(begin()).list([20, 30], 't', 1, []));
    isWrong(
      batch(begin())
        .list([2, 4], 's', 1, [shown('s/a', 1, A)])
        .list([5, 7], 't', 0, []),
    );
  });

  it('without an answer was applied completely or not at all', () => {
    const lost = () => begin().change([0], [registers('s/a', 'a'), registers('t/b', 'b')]);
    isRight(lost().list([20, 30], 's', 0, []).list([40, 50], 't', 0, []));
    isRight(
      lost()
        .list([20, 30], 's', 1, [shown('s/a', 1, A)])
        .list([40, 50], 't', 1, [shown('t/b', 1, B)]),
    );
    isWrong(
      lost()
        .list([20, 30], 's', 1, [shown('s/a', 1, A)])
        .list([40, 50], 't', 1, []),
    );
  });
});

describe('revisions', () => {
  it('identify one change each', () => {
    isWrong(begin().register([0, 10], 's/a', A, 1, 'created').register([0, 10], 't/b', B, 1, 'created'));
    isWrong(begin().register([0, 10], 's/a', A, 1, 'created').register([20, 30], 's/a', B, 1));
  });

  it('never decrease, whatever is read', () => {
    const two = () => begin().register([0, 10], 's/a', A, 1, 'created').register([20, 30], 't/b', B, 2, 'created');
    isRight(two().list([40, 50], 's', 2, [shown('s/a', 1, A)]));
    isWrong(two().list([40, 50], 's', 1, [shown('s/a', 1, A)]));
    isRight(two().list([25, 50], 's', 1, [shown('s/a', 1, A)]));
  });

  it('identify one commit each', () => {
    const read = (check: number) =>
      begin()
        .register([0, 10], 's/a', A, 1, 'created')
        .call([20, 30], { kind: 'list', service: 't' }, { kind: 'shown', at: at(1, check), records: [] });
    isRight(read(at(1).check));
    isWrong(read(99));
  });
});

describe('a call without an answer', () => {
  it('may take effect at any later time, or never', () => {
    isRight(
      begin()
        .register([0], 's/a', A)
        .read([500, 510], 's/a', 0)
        .read([600, 610], 's/a', 1, shown('s/a', 1, A)),
    );
    isRight(begin().register([0], 's/a', A).read([500, 510], 's/a', 0));
    isRight(begin().register([0, 10], 's/a', A, 1, 'created').deregister([20], 's/a').list([600, 610], 's', 2, []));
  });

  it('takes effect once', () => {
    const twice = begin()
      .register([0], 's/a', A)
      .read([20, 30], 's/a', 1, shown('s/a', 1, A))
      .deregister([40, 50], 's/a', 2)
      .read([60, 70], 's/a', 3, shown('s/a', 3, A));
    isWrong(twice);
  });

  it('does not take effect once its process is dead', () => {
    const killed = () => begin().register([0], 's/a', A).outage(100, 100, 200);
    isRight(killed().read([300, 310], 's/a', 1, shown('s/a', 1, A)));
    isWrong(
      killed()
        .read([300, 310], 's/a', 0)
        .read([400, 410], 's/a', 1, shown('s/a', 1, A)),
    );
  });
});

describe('a lease', () => {
  const leased = content('a', SHORT);
  const registered = () => begin().register([0, 10], 's/a', leased, 1, 'created');

  it('ends the health and the life of its instance on time', () => {
    isRight(registered().read([900, 920], 's/a', 1, shown('s/a', 1, leased)));
    isRight(registered().read([1_300, 1_320], 's/a', 2, shown('s/a', 2, leased, false)));
    isRight(registered().read([1_800, 1_810], 's/a', 2));
    isRight(
      registered()
        .read([1_300, 1_320], 's/a', 2, shown('s/a', 2, leased, false))
        .read([1_800, 1_810], 's/a', 3),
    );
  });

  it('does not end early', () => {
    isWrong(registered().read([1_600, 1_610], 's/a', 2));
    isWrong(registered().read([1_100, 1_120], 's/a', 2, shown('s/a', 2, leased, false)));
  });

  it('does not end late', () => {
    isWrong(registered().read([8_700, 8_710], 's/a', 2, shown('s/a', 2, leased, false)));
    isWrong(registered().read([8_200, 8_220], 's/a', 1, shown('s/a', 1, leased)));
  });

  const renewed = (times: [number, number?]) =>
    registered().call(
      times,
      { kind: 'renew', keys: ['s/a'] },
      times.length === 1 ? null : { kind: 'renewed', at: at(1), unknown: [] },
    );

  it('starts anew when it is renewed', () => {
    isRight(renewed([800, 810]).read([1_800, 1_810], 's/a', 1, shown('s/a', 1, leased)));
    isWrong(renewed([800, 810]).read([1_800, 1_810], 's/a', 1));
  });

  it('may start anew after a renewal without an answer', () => {
    isRight(renewed([800]).read([1_800, 1_810], 's/a', 1, shown('s/a', 1, leased)));
    isRight(renewed([800]).read([1_800, 1_810], 's/a', 2));
  });

  it('gets its whole time again after an outage', () => {
    const killed = () => registered().outage(500, 500, 1_400);
    isWrong(killed().read([1_410, 1_420], 's/a', 2));
    isRight(killed().read([2_300, 2_310], 's/a', 1, shown('s/a', 1, leased)));
    isWrong(killed().read([10_600, 10_610], 's/a', 1, shown('s/a', 1, leased)));
    isRight(killed().read([10_600, 10_610], 's/a', 2));
    // The lease lapsed, but was not swept before the crash.
    const late = () => registered().outage(1_600, 1_600, 1_700);
    isRight(late().read([1_800, 1_810], 's/a', 1, shown('s/a', 1, leased)));
    isRight(late().read([1_900, 1_910], 's/a', 2));
  });
});

describe('a session', () => {
  const held = () =>
    begin()
      .session('one', 1_000, [0, 400, 800])
      .call(
        [10, 20],
        { kind: 'change', steps: [registers('s/a', 'x'), leasedStep('s/b'), leasedStep('s/c')], session: 'one' },
        {
          kind: 'changed',
          at: at(1),
          results: [{ outcome: 'created' }, { outcome: 'created' }, { outcome: 'created' }],
        },
      );
  const leasedStep = (key: string): Step => {
    return { op: 'register', key, condition: {}, content: content('y', { ttlMs: 1_000, removeAfterMs: 1_000 }) };
  };
  const ended = (hand: HandHistory) => hand.call([1_000, 1_010], { kind: 'end', session: 'one' }, { kind: 'ended' });
  const y = (key: string) => shown(key, 1, content('y', { ttlMs: 1_000, removeAfterMs: 1_000 }));
  const x = shown('s/a', 1, content('x'));

  it('holds its registrations until its last sign of life is too old', () => {
    isRight(held().list([1_700, 1_710], 's', 1, [x, y('s/b'), y('s/c')]));
    isRight(held().list([1_900, 1_910], 's', 2, [x]));
    isWrong(held().list([1_600, 1_610], 's', 2, [x]));
  });

  it('ends for all its registrations at once', () => {
    isWrong(held().list([1_900, 1_910], 's', 2, [x, y('s/b')]));
    isRight(ended(held()).list([1_020, 1_030], 's', 2, [x]));
    isWrong(ended(held()).list([1_020, 1_030], 's', 2, [x, y('s/b')]));
    isWrong(ended(held()).list([1_020, 1_030], 's', 2, [x, y('s/b'), y('s/c')]));
  });
});

it('gives up on a search that takes too long, and reports that as a problem', () => {
  const hand = begin();
  for (let number = 0; number < 9; number++) hand.register([0], 's/a', content(`m${number}`));
  hand.read([20, 30], 's/a', 1, shown('s/a', 1, content('unknown')));
  expect(checkHistory(hand.history, 50).problems).toEqual([expect.stringContaining('could not decide')]);
});

describe('a history of transactions', () => {
  type Compare = [id: string, value: string | null];
  const entry = (id: string, revision: number, createdRevision = revision, version = 1) => {
    return { key: `e/${id}`, revision, createdRevision, version };
  };
  const put = (id: string, value: string): EntryStep => ({ op: 'put', key: `e/${id}`, value });
  const range: EntryStep = { op: 'range', group: 'e' };
  /** Adds a transaction that puts values, or else reads. */
  const transact = (
    hand: HandHistory,
    times: [number, number?],
    compares: Compare[],
    steps: EntryStep[],
    answer?: [succeeded: boolean, revision: number, ...results: EntryResult[]],
  ) => {
    const call = { kind: 'transact' as const, if: compares.map(([id, value]) => ({ key: `e/${id}`, value })) }; // `as`: one of the kinds
    const [succeeded = false, revision = 0, ...results] = answer ?? [];
    const answered = { kind: 'transacted' as const, at: at(revision), succeeded, results }; // `as`: the same
    return hand.call(times, { ...call, do: steps, else: [range] }, answer && answered);
  };
  const reads = (hand: HandHistory, times: [number, number], revision: number, ...entries: ShownEntry[]) =>
    transact(hand, times, [], [range], [true, revision, { op: 'range', entries }]);
  const putResult = (...numbers: Parameters<typeof entry>): EntryResult => ({ op: 'put', entry: entry(...numbers) });
  const shownEntry = (value: string, ...numbers: Parameters<typeof entry>) => ({ ...entry(...numbers), value });

  it('has an order in which each compare holds or fails as answered', () => {
    const hand = begin();
    transact(
      hand,
      [0, 10],
      [['a', null]],
      [put('a', 'x'), put('b', 'x')],
      [true, 1, putResult('a', 1), putResult('b', 1)],
    );
    transact(hand, [20, 30], [['a', 'x']], [put('a', 'y')], [true, 2, putResult('a', 2, 1, 2)]);
    const both = [shownEntry('y', 'a', 2, 1, 2), shownEntry('x', 'b', 1)];
    transact(hand, [22, 40], [['a', 'x']], [put('a', 'z')], [false, 2, { op: 'range', entries: both }]);
    isRight(reads(hand, [50, 60], 2, ...both));
  });

  it('has none where two clients swap the same value', () => {
    const hand = transact(begin(), [0, 10], [['a', null]], [put('a', 'x')], [true, 1, putResult('a', 1)]);
    transact(hand, [20, 40], [['a', 'x']], [put('a', 'y')], [true, 2, putResult('a', 2, 1, 2)]);
    isWrong(transact(hand, [25, 45], [['a', 'x']], [put('a', 'z')], [true, 3, putResult('a', 3, 1, 3)]));
  });

  it('has none where a part of a transaction is lost, or has another revision', () => {
    const cut = () => transact(begin(), [0], [], [put('a', 'x'), put('b', 'x')]);
    isRight(reads(cut(), [20, 30], 0));
    isRight(reads(cut(), [20, 30], 1, shownEntry('x', 'a', 1), shownEntry('x', 'b', 1)));
    isWrong(reads(cut(), [20, 30], 1, shownEntry('x', 'a', 1)));
    isWrong(reads(cut(), [20, 30], 2, shownEntry('x', 'a', 1), shownEntry('x', 'b', 2)));
    isWrong(reads(reads(cut(), [20, 30], 1, shownEntry('x', 'a', 1), shownEntry('x', 'b', 1)), [40, 50], 1));
  });

  it('has none where a version or a creation is forgotten', () => {
    const hand = () => transact(begin(), [0, 10], [], [put('a', 'x')], [true, 1, putResult('a', 1)]);
    isWrong(transact(hand(), [20, 30], [], [put('a', 'y')], [true, 2, putResult('a', 2, 2, 2)]));
    isWrong(transact(hand(), [20, 30], [], [put('a', 'y')], [true, 2, putResult('a', 2, 1, 1)]));
    isWrong(transact(hand(), [20, 30], [], [put('a', 'y')], [true, 1, putResult('a', 1, 1, 2)]));
  });
});
