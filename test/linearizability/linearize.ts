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
  /** How much else has happened. */
  guesses: number;
}

/** A place from which the search may go on. */
interface Opening<State, Call> {
  node: Node<State, Call>;
  /** Whether it is the node that is to be tried, or the guesses after it. */
  isGuess: boolean;
}

/**
 * What has been found by trial: an order with one guess more is gone on with after going back by so many calls in order,
 * and one guess after which none of the next answered calls fits better than before after so many more.
 */
const GUESS_COST = 3;
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
  return new Linearizer(model, calls).search(stepsMax);
}

/** What may come next. */
interface Next {
  /** Indices of answered calls: those that were called before the first of all that are left was answered. */
  candidates: number[];
  /** When that one was answered. */
  until: number;
}

class Linearizer<State, Call extends Interval> {
  readonly #model: Model<State, Call>;
  readonly #answered: readonly Call[];
  readonly #open: readonly Call[];
  readonly #stack: Node<State, Call>[] = [];
  readonly #openings = new Heap<Opening<State, Call>>();
  #steps = 0;

  constructor(model: Model<State, Call>, calls: readonly Call[]) {
    const inOrder = calls.toSorted((a, b) => a.start - b.start);
    this.#model = model;
    this.#answered = inOrder.filter(({ end }) => end < Number.POSITIVE_INFINITY);
    this.#open = inOrder.filter(({ end }) => end === Number.POSITIVE_INFINITY);
  }

  search(stepsMax: number): Search<Call> {
    const known = new Set<string>();
    let longest = rootOf<State, Call>(this.#model);
    this.#stack.push(longest);
    for (let node = this.#pop(); node !== undefined && this.#steps <= stepsMax; node = this.#pop()) {
      if (node.happened > longest.happened) longest = node;
      if (node.happened === this.#answered.length) break;
      const text = `${node.first};${node.beyond.join()};${node.unanswered.join()};${this.#model.textOf(node.state)}`;
      if (known.has(text)) continue;
      known.add(text);
      this.#steps += 1;
      // What comes last is tried first.
      for (const next of this.#afterAnswered(node).reverse()) this.#stack.push(next);
      this.#openings.push({ node, isGuess: false }, promiseOf(node));
    }
    const order = orderTo(longest);
    const steps = this.#steps;
    if (longest.happened === this.#answered.length) return { verdict: 'linearizable', order, stuck: [], steps };
    const stuck = this.#next(longest).candidates.flatMap((index) => this.#answered[index] ?? []);
    return { verdict: steps > stepsMax ? 'undecided' : 'not linearizable', order, stuck, steps };
  }

  /** The next node: what follows from answered calls first, and then the most promising guess. */
  #pop(): Node<State, Call> | undefined {
    while (this.#stack.length === 0) {
      const opening = this.#openings.pop();
      if (opening === undefined) return undefined;
      if (opening.isGuess) return opening.node;
      this.#guess(opening.node);
    }
    return this.#stack.pop();
  }

  #guess(node: Node<State, Call>): void {
    const fitting = new Set(this.#afterAnswered(node).map(({ before }) => before?.did));
    for (const guessed of this.#afterGuess(node)) {
      const isIdle = this.#afterAnswered(guessed).every(({ before }) => fitting.has(before?.did));
      this.#steps += 1;
      this.#openings.push({ node: guessed, isGuess: true }, promiseOf(guessed) - (isIdle ? IDLE_GUESS_COST : 0));
    }
  }

  #next({ first, beyond }: Node<State, Call>): Next {
    let until = Number.POSITIVE_INFINITY;
    const candidates: number[] = [];
    for (let index = first; index < this.#answered.length; index++) {
      const call = this.#answered[index];
      if (call === undefined || call.start > until) break;
      if (beyond.includes(index)) continue;
      candidates.push(index);
      until = Math.min(until, call.end);
    }
    const isInTime = (index: number) => (this.#answered[index]?.start ?? 0) <= until;
    const placeOf = (index: number) => this.#answered[index]?.place ?? 0;
    return { candidates: candidates.filter(isInTime).sort((a, b) => placeOf(a) - placeOf(b)), until };
  }

  /** What comes after one of the answered calls; only that which changes nothing, where there is one. */
  #afterAnswered(node: Node<State, Call>): Node<State, Call>[] {
    const { candidates, until } = this.#next(node);
    const found: Node<State, Call>[] = [];
    for (const index of candidates) {
      const call = this.#answered[index];
      if (call === undefined) continue;
      const calledAt = withCall(node.calledAt, call);
      for (const state of this.#model.apply(node.state, call, until)) {
        const next = { ...node, ...advanced(node, index), state, calledAt, before: { node, did: call } };
        if (state === node.state && !this.#shutsOut(node, call)) return [next];
        found.push(next);
      }
    }
    return found;
  }

  /** What comes after something that nobody was told of, and that has to do with what may come next. */
  #afterGuess(node: Node<State, Call>): Node<State, Call>[] {
    const next = this.#next(node);
    const { keys, unanswered } = this.#concerned(node, next);
    const guesses = node.guesses + 1;
    const happenings = this.#model.happenings(node.state, keys, next.until);
    const found = happenings.map(({ name, state }): Node<State, Call> => {
      return { ...node, state, guesses, before: { node, did: name } };
    });
    for (const index of unanswered) {
      const call = this.#open[index];
      if (call === undefined) continue;
      const calledAt = withCall(node.calledAt, call);
      const happened = [...node.unanswered, index].sort((a, b) => a - b);
      for (const state of this.#model.apply(node.state, call, next.until)) {
        if (state === node.state) continue;
        found.push({ ...node, state, unanswered: happened, calledAt, guesses, before: { node, did: call } });
      }
    }
    return found;
  }

  /** The keys that the next answered call may have to do with, be it through unanswered calls, and those calls. */
  #concerned(node: Node<State, Call>, { candidates, until }: Next): { keys: Set<number>; unanswered: number[] } {
    const keys = new Set(candidates.flatMap((index) => this.#answered[index]?.keys ?? []));
    const unanswered = new Set<number>();
    for (let size = -1; size !== unanswered.size; ) {
      size = unanswered.size;
      for (const [index, call] of this.#open.entries()) {
        if (call.start > until) break;
        if (unanswered.has(index) || node.unanswered.includes(index)) continue;
        if (!call.keys.some((key) => keys.has(key)) || isTooLate(node, call)) continue;
        unanswered.add(index);
        for (const key of call.keys) keys.add(key);
      }
    }
    return { keys, unanswered: [...unanswered].sort((a, b) => a - b) };
  }

  /** Whether an unanswered call can't happen any more once a call has. */
  #shutsOut(node: Node<State, Call>, { keys, start }: Call): boolean {
    return this.#open.some((call, index) => {
      const isShutOut = call.deadline < start && call.keys.some((key) => keys.includes(key));
      return isShutOut && !node.unanswered.includes(index) && !isTooLate(node, call);
    });
  }
}

function rootOf<State, Call extends Interval>({ initial }: Model<State, Call>): Node<State, Call> {
  const nothing = { first: 0, beyond: [], unanswered: [], calledAt: [], happened: 0, guesses: 0 };
  return { state: initial, before: undefined, ...nothing };
}

function promiseOf({ happened, guesses }: Node<unknown, unknown>): number {
  return happened - GUESS_COST * guesses;
}

/** What was put off must not have been put off for too long: since its deadline somebody has seen its keys without it. */
function isTooLate({ calledAt }: Node<unknown, unknown>, { keys, deadline }: Interval): boolean {
  return keys.some((key) => (calledAt[key] ?? 0) > deadline);
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

function orderTo<State, Call>(node: Node<State, Call>): (Call | string)[] {
  const order: (Call | string)[] = [];
  for (let at = node.before; at !== undefined; at = at.node.before) order.push(at.did);
  return order.reverse();
}
