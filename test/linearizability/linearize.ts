import { Heap } from './heap';

/** A call, as the search sees it. */
export interface Interval {
  start: number;
  /** Infinite where no answer came, and nothing else tells that it happened. */
  end: number;
  /** Where its answer places it among the others; the search tries those with a low place first. */
  place: number;
  /** Without an answer it has not happened after this either, if at all. */
  deadline: number;
  /** Indices of what it reads and writes. */
  keys: readonly number[];
}

/** What is said to behave like this when one thing happens after another. */
export interface Model<State, Call extends Interval> {
  initial: State;
  /**
   * The states that a call may leave, the likeliest first; none where it could not have been answered so. Without an
   * answer any effect will do. Where nothing changes it is the same object.
   *
   * @param until It happens no later: what has yet to happen was answered then.
   */
  apply(state: State, call: Call, until: number): State[];
  /** The states after each thing that may happen by itself to some of the keys. */
  happenings(state: State, keys: ReadonlySet<number>, until: number): { name: string; state: State }[];
  /** Two states with the same text are the same. */
  textOf(state: State): string;
}

/** How a search ended. */
export interface Search<Call> {
  /** `undecided`: it was given up after too many steps. */
  verdict: 'linearizable' | 'not linearizable' | 'undecided';
  /** An order of the calls; where there is none for all of them, the longest found. Happenings stand by their names. */
  order: (Call | string)[];
  /** Calls of which one had to come next, after the longest order, and none could. */
  stuck: Call[];
  steps: number;
}

interface Node<State, Call> {
  state: State;
  before: { node: Node<State, Call>; did: Call | string } | undefined;
  /** Of the answered calls in the order of their starts, all before this one have happened. */
  first: number;
  /** Others of them that have happened. */
  beyond: readonly number[];
  /** Unanswered calls that have happened. */
  unanswered: readonly number[];
  /** For each key, when the latest of the calls that have happened to it was made. */
  calledAt: readonly number[];
  /** How many answered calls have happened. */
  happened: number;
  /** How much else has happened since the last of them. */
  guesses: number;
}

/** A place from which the search may go on. */
interface Opening<State, Call> {
  node: Node<State, Call>;
  /** Whether it is the node that is to be tried, or the guesses after it. */
  isGuess: boolean;
}

/**
 * Each further guess in a row is tried after going back by so many calls in order, and so is one after which none of the
 * next answered calls fits any better than before.
 */
const GUESS_COST = 2;
const IDLE_GUESS_COST = 4;

/**
 * Looks for an order in which all answered calls, and any of the unanswered, happen one after another, each between its
 * start and its end, so that every answer is right.
 *
 * It is the search of Wing and Gong (1993) with the memory of Lowe (2017): what has been found to lead nowhere is known
 * by which calls have happened and the state they left. Three things keep it short where much is unanswered:
 *
 * - A call that fits and changes nothing happens at once: whatever comes later comes later all the same.
 * - Unanswered calls and happenings are guesses. They are put off until just before a call that has to do with the same
 *   keys, as before that nobody can tell.
 * - A guess is tried when the answered calls alone lead nowhere, and first where the order is longest.
 *
 * @param stepsMax After so many steps it gives up.
 */
export function linearize<State, Call extends Interval>(
  model: Model<State, Call>,
  calls: readonly Call[],
  stepsMax: number,
): Search<Call> {
  const byStart = (a: Call, b: Call) => a.start - b.start;
  const answered = calls.filter(({ end }) => end < Number.POSITIVE_INFINITY).sort(byStart);
  const open = calls.filter(({ end }) => end === Number.POSITIVE_INFINITY).sort(byStart);
  const known = new Set<string>();
  const root: Node<State, Call> = {
    state: model.initial,
    before: undefined,
    first: 0,
    beyond: [],
    unanswered: [],
    calledAt: [],
    happened: 0,
    guesses: 0,
  };
  const stack = [root];
  const openings = new Heap<Opening<State, Call>>();
  let longest = root;
  let steps = 0;
  while (steps <= stepsMax) {
    const node = stack.pop();
    if (node === undefined) {
      const opening = openings.pop();
      if (opening === undefined) break;
      if (opening.isGuess) stack.push(opening.node);
      else guess(opening.node);
      continue;
    }
    if (node.happened > longest.happened) longest = node;
    if (node.happened === answered.length) return { verdict: 'linearizable', order: orderTo(node), stuck: [], steps };
    const text = `${node.first};${node.beyond.join()};${node.unanswered.join()};${model.textOf(node.state)}`;
    if (known.has(text)) continue;
    known.add(text);
    steps += 1;
    const found = answeredNext(model, answered, node, nextCalls(answered, node));
    // What comes last is tried first.
    for (const next of found.toReversed()) stack.push(next);
    openings.push({ node, isGuess: false }, node.happened - GUESS_COST * node.guesses);
  }
  const stuck = nextCalls(answered, longest).candidates.flatMap((index) => answered[index] ?? []);
  return { verdict: steps > stepsMax ? 'undecided' : 'not linearizable', order: orderTo(longest), stuck, steps };

  function guess(node: Node<State, Call>): void {
    const next = nextCalls(answered, node);
    const fitting = new Set(answeredNext(model, answered, node, next).map(({ before }) => before?.did));
    for (const guessed of guessedNext(model, answered, open, node, next)) {
      const fits = answeredNext(model, answered, guessed, nextCalls(answered, guessed));
      const isIdle = fits.every(({ before }) => fitting.has(before?.did));
      const promise = guessed.happened - GUESS_COST * guessed.guesses - (isIdle ? IDLE_GUESS_COST : 0);
      steps += 1;
      openings.push({ node: guessed, isGuess: true }, promise);
    }
  }
}

interface Next {
  /** Indices of answered calls. */
  candidates: number[];
  /** When the first of all that are left was answered. */
  until: number;
}

/** Which answered calls may come next: those that were called before the first of all that are left was answered. */
function nextCalls<Call extends Interval>(answered: readonly Call[], { first, beyond }: Node<unknown, Call>): Next {
  let until = Number.POSITIVE_INFINITY;
  const candidates: number[] = [];
  for (let index = first; index < answered.length; index++) {
    const call = answered[index];
    if (call === undefined || call.start > until) break;
    if (beyond.includes(index)) continue;
    candidates.push(index);
    until = Math.min(until, call.end);
  }
  const isInTime = (index: number) => (answered[index]?.start ?? 0) <= until;
  const placeOf = (index: number) => answered[index]?.place ?? 0;
  return { candidates: candidates.filter(isInTime).sort((a, b) => placeOf(a) - placeOf(b)), until };
}

/** What comes after one of the answered calls; only that which changes nothing, where there is one. */
function answeredNext<State, Call extends Interval>(
  model: Model<State, Call>,
  answered: readonly Call[],
  node: Node<State, Call>,
  { candidates, until }: Next,
): Node<State, Call>[] {
  const found: Node<State, Call>[] = [];
  for (const index of candidates) {
    const call = answered[index];
    if (call === undefined) continue;
    for (const state of model.apply(node.state, call, until)) {
      const calledAt = withCall(node.calledAt, call);
      const next = { ...node, ...advanced(node, index), state, calledAt, guesses: 0, before: { node, did: call } };
      if (state === node.state) return [next];
      found.push(next);
    }
  }
  return found;
}

/** What comes after something that nobody was told of, and that has to do with what may come next. */
function guessedNext<State, Call extends Interval>(
  model: Model<State, Call>,
  answered: readonly Call[],
  open: readonly Call[],
  node: Node<State, Call>,
  { candidates, until }: Next,
): Node<State, Call>[] {
  const { keys, unanswered } = concerned(candidates, answered, open, node, until);
  const guesses = node.guesses + 1;
  const found = model.happenings(node.state, keys, until).map(({ name, state }): Node<State, Call> => {
    return { ...node, state, guesses, before: { node, did: name } };
  });
  for (const index of unanswered) {
    const call = open[index];
    if (call === undefined) continue;
    const calledAt = withCall(node.calledAt, call);
    const happened = [...node.unanswered, index].sort((a, b) => a - b);
    for (const state of model.apply(node.state, call, until)) {
      if (state === node.state) continue;
      found.push({ ...node, state, unanswered: happened, calledAt, guesses, before: { node, did: call } });
    }
  }
  return found;
}

function withCall(calledAt: readonly number[], { keys, start }: Interval): readonly number[] {
  const next = [...calledAt];
  for (const key of keys) next[key] = Math.max(next[key] ?? 0, start);
  return next;
}

function advanced({ first, beyond, happened }: Node<unknown, unknown>, index: number) {
  const left = new Set([...beyond, index]);
  let next = first;
  while (left.delete(next)) next += 1;
  return { first: next, beyond: [...left].sort((a, b) => a - b), happened: happened + 1 };
}

/** The keys that the next answered call may have to do with, be it through unanswered calls, and those calls. */
function concerned<Call extends Interval>(
  candidates: readonly number[],
  answered: readonly Call[],
  open: readonly Call[],
  node: Node<unknown, Call>,
  until: number,
): { keys: Set<number>; unanswered: number[] } {
  const keys = new Set(candidates.flatMap((index) => answered[index]?.keys ?? []));
  const unanswered = new Set<number>();
  for (let size = -1; size !== unanswered.size; ) {
    size = unanswered.size;
    for (const [index, call] of open.entries()) {
      if (call.start > until) break;
      if (unanswered.has(index) || node.unanswered.includes(index)) continue;
      if (!call.keys.some((key) => keys.has(key))) continue;
      // What was put off must not have been put off for too long.
      if (call.keys.some((key) => (node.calledAt[key] ?? 0) > call.deadline)) continue;
      unanswered.add(index);
      for (const key of call.keys) keys.add(key);
    }
  }
  return { keys, unanswered: [...unanswered].sort((a, b) => a - b) };
}

function orderTo<State, Call>(node: Node<State, Call>): (Call | string)[] {
  const order: (Call | string)[] = [];
  for (let at = node.before; at !== undefined; at = at.node.before) order.push(at.did);
  return order.reverse();
}
