import { expect, it } from 'vitest';
import { leaseProblems } from './check-leases';
import { operationProblems } from './check-operations';
import { watchProblems } from './check-watches';
import type { Operation, StepResult, WatchResponse } from './history';
import { madeUpHistory } from './made-up-history';
import { hasChanged } from './model';
import { Truth } from './truth';

type MadeUp = ReturnType<typeof madeUpHistory>;

/** Judges a history after it was spoiled. */
function problemsAfter(spoil: (history: MadeUp) => void): string[] {
  const history = madeUpHistory();
  spoil(history);
  const { operations, watches, leases, whole } = history;
  const truth = new Truth([whole]);
  return [
    ...truth.problems.map((problem) => `events: ${problem}`),
    ...operationProblems(operations, watches, truth),
    ...watchProblems(watches, operations, truth),
    ...leaseProblems(leases, { truth, outages: [], overAt: 100_000 }),
  ];
}

/** Returns a response in the middle of the watch, with the events of one revision. */
function middle({ watches }: MadeUp, isFit: (response: WatchResponse) => boolean = () => true) {
  const responses = watches[0]?.responses ?? [];
  const index = responses.findIndex((response, at) => at > 20 && response.kind === 'events' && isFit(response));
  const response = responses[index];
  if (response === undefined) throw new Error('no response is like that');
  return { responses, index, response };
}

function operation({ operations }: MadeUp, isFit: (each: Operation) => boolean): Operation {
  const found = operations.find((each) => each.index > 50 && isFit(each));
  if (found === undefined) throw new Error('no call is like that');
  return found;
}

const isRead = ({ request }: Operation) => request.kind === 'range' && request.revision === 0 && !request.serializable;
const isPut = ({ request, answer }: Operation) =>
  request.kind === 'txn' && request.success[0]?.op === 'put' && answer !== null && hasChanged(answer);

const eventIn = ({ response }: ReturnType<typeof middle>) => {
  const [event] = response.events;
  if (event === undefined) throw new Error('the response has an event');
  return event;
};

it('finds nothing wrong with a history in which nothing is', () => {
  expect(problemsAfter(() => {})).toEqual([]);
});

it.each<[guarantee: string, spoil: (history: MadeUp) => unknown]>([
  ['filter', (history) => Object.assign(eventIn(middle(history)), { key: 'elsewhere' })],
  [
    'ordered',
    (history) => {
      const { responses, index } = middle(history);
      responses.splice(index, 2, ...responses.slice(index, index + 2).reverse());
    },
  ],
  [
    'unique',
    (history) => {
      const { responses, index, response } = middle(history);
      responses.splice(index, 0, response);
    },
  ],
  [
    'atomic',
    (history) => {
      const { responses, index, response } = middle(history, ({ events }) => events.length > 1);
      const [first, ...rest] = response.events;
      responses.splice(index, 1, { ...response, events: first ? [first] : [] }, { ...response, events: rest });
    },
  ],
  [
    'bookmarkable',
    (history) => {
      const { responses, index, response } = middle(history);
      responses.splice(index, 0, { ...response, kind: 'progress', events: [] });
    },
  ],
  [
    'reliable',
    (history) => {
      const { responses, index } = middle(history);
      responses.splice(index, 1);
    },
  ],
  ['reliable', (history) => void history.watches[0]?.responses.splice(-5)],
  ['resumable', (history) => void history.watches[0]?.responses.splice(1, 1)],
  [
    'resumable',
    (history) => {
      const { responses, response } = middle(history);
      responses.push({ ...response, kind: 'canceled', events: [], compactRevision: 3 });
    },
  ],
  [
    'previous',
    (history) => Object.assign(eventIn(middle(history, ({ events }) => events[0]?.before != null)), { before: null }),
  ],
  [
    'creation',
    (history) => {
      const { after } = eventIn(middle(history, ({ events }) => (events[0]?.after?.version ?? 0) > 1));
      if (after !== null) Object.assign(after, { version: 1, created: after.modified });
    },
  ],
])('detects a watch that is not %s', (guarantee, spoil) => {
  expect(
    problemsAfter((history) => {
      // The watch alone is spoiled: what it shares with the truth is copied.
      history.watches = structuredClone(history.watches);
      spoil(history);
    }),
  ).toEqual(expect.arrayContaining([expect.stringMatching(`^${guarantee}: `)]));
});

it.each<[defect: string, found: RegExp, spoil: (history: MadeUp) => void]>([
  [
    'a stale read',
    /began when revision/,
    (history) => {
      const read = operation(history, isRead);
      if (read.answer !== null) read.answer.revision -= 30;
    },
  ],
  [
    'a read of no revision',
    /got success/,
    (history) => {
      const read = operation(history, (each) => each.request.kind === 'range' && hasKeys(each));
      const [result] = read.answer?.results ?? [];
      if (result?.op === 'range') result.keys = [];
    },
  ],
  [
    'a lost change',
    /is lost/,
    (history) => {
      const { revision } = operation(history, isPut).answer ?? { revision: 0 };
      const { responses } = history.whole;
      responses.splice(
        responses.findIndex((each) => each.kind === 'events' && each.revision === revision),
        1,
      );
    },
  ],
  [
    'a missing event of everything',
    /^events: /,
    (history) => {
      const { responses } = history.whole;
      responses.splice(responses.findIndex(({ events }) => events.some(({ before }) => before !== null)) - 1, 1);
    },
  ],
  [
    'a change that was refused, and made',
    /no request explains/,
    (history) => {
      Object.assign(operation(history, isPut), { answer: null, refusal: { code: 3, text: 'no' } });
    },
  ],
  [
    'one revision acknowledged to two requests',
    /both have it/,
    (history) => {
      const put = operation(history, isPut);
      history.operations.push({ ...put, index: 1_000 });
    },
  ],
  [
    'a condition that did not hold',
    /got success|should have made/,
    (history) => {
      const swap = operation(
        history,
        ({ request, answer }) => request.kind === 'txn' && request.compares.length > 0 && answer?.succeeded === true,
      );
      if (swap.request.kind === 'txn')
        swap.request = { ...swap.request, compares: [{ key: 'k/a', target: 'version', operand: 999 }] };
    },
  ],
  [
    'a read that is refused as compacted',
    /was refused/,
    (history) => {
      const past = operation(history, ({ request }) => request.kind === 'range' && request.revision > 0);
      Object.assign(past, {
        answer: null,
        refusal: { code: 11, text: 'etcdserver: mvcc: required revision has been compacted' },
      });
    },
  ],
  [
    'a lease that ends early',
    /before it could end/,
    ({ leases: [life] }) => life?.renewals.push({ isGrant: false, sentAt: 2_900, answeredAt: 2_901 }),
  ],
  ['a lease that does not end', /did not end/, ({ whole }) => void whole.responses.splice(-2, 1)],
  [
    'a lease that ends late',
    /too late/,
    ({ whole }) => {
      for (const response of whole.responses.slice(-2)) response.at += 60_000;
    },
  ],
])('detects %s', (_defect, found, spoil) => {
  expect(problemsAfter(spoil)).toEqual(expect.arrayContaining([expect.stringMatching(found)]));
});

const hasKeys = ({ answer }: Operation): boolean =>
  answer?.results.some((result: StepResult) => result.op === 'range' && result.keys.length > 0) ?? false;

it('explains an unanswered change by its effect, and one without an effect by nothing', () => {
  const problems = problemsAfter((history) => {
    const put = operation(history, isPut);
    Object.assign(put, { end: null, answer: null });
    history.operations.push({ ...put, index: 1_000, start: 1_000_000, end: null, answer: null });
  });
  expect(problems).toEqual([]);
});
