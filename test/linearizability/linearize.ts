import { Heap } from './heap';

/** A call, as the search sees it. */
export interface Interval {
  start: number;
  /** Infinite if there was no answer, and nothing else shows that it took effect. */
  end: number;
  /** Position among the others according to its answer; the search tries low ones first. */
  place: number;
  /** An unanswered call takes effect before this time, if at all. */
  deadline: number;
  /** Indices of the keys that it reads and writes. */
  keys: readonly number[];
}

/** Sequential model that the calls must conform to. */
export interface Model<State, Call extends Interval> {
  initial: State;
  /**
   * Returns the possible states after a call, the likeliest first; none if it could not have had its answer. For an
   * unanswered call any effect is allowed. If nothing changes, returns the same object.
   *
   * @param until Latest time of the call: one of the remaining calls was answered then.
   */
  apply(state: State, call: Call, until: number): State[];
  /** Returns the states after each event that may happen by itself to some of the keys. */
  happenings(state: State, keys: ReadonlySet<number>, until: number): { name: string; state: State }[];
  /** Returns a text that is the same for equal states. */
  textOf(state: State): string;
}

/** Result of a search. */
export interface Search<Call> {
  /** `undecided`: the search gave up after too many steps. */
  verdict: 'linearizable' | 'not linearizable' | 'undecided';
  /** An order of the calls, or the longest one found if there is none for all. Contains spontaneous events by name. */
  order: (Call | string)[];
  /** Calls of which one had to follow the longest order, and none could. */
  stuck: Call[];
  steps: number;
}

interface Node<State, Call> {
  state: State;
  before: { node: Node<State, Call>; did: Call | string } | undefined;
  /** All answered calls before this index, in the order of their starts, have happened. */
  first: number;
  /** Other answered calls that have happened. */
  beyond: readonly number[];
  /** Unanswered calls that have happened. */
  unanswered: readonly number[];
  /** Start of the latest call on each key that has happened. */
  calledAt: readonly number[];
  /** Number of answered calls that have happened. */
  happened: number;
  /** Number of other events that have happened. */
  guesses: number;
}

/** A node from which the search may continue. */
interface Opening<State, Call> {
  node: Node<State, Call>;
  /** True to try the guesses after the node; false to try the node itself. */
  isGuess: boolean;
}

/**
 * Costs of a guess, found by experiment: an order with one more guess has the priority of one with this many fewer answered
 * calls, and with that many fewer again if the guess makes no further answered call fit.
 */
const GUESS_COST = 3;
const IDLE_GUESS_COST = 4;

/**
 * Looks for an order in which all answered calls, and any of the unanswered, happen one after another, each between its
 * start and its end, so that every answer is correct.
 *
 * Implements the search of Wing and Gong (1993) with the memory of Lowe (2017): a dead end is identified by the calls that
 * have happened and the state they left. Three rules keep the search short if many calls are unanswered:
 *
 * - A call that fits and changes nothing happens at once, since it does not affect later calls.
 * - Unanswered calls and spontaneous events are guesses. A guess happens just before a call that uses the same keys, because
 *   an earlier effect would be invisible.
 * - Guesses are tried if the answered calls alone lead to a dead end, starting with the longest order.
 *
 * @param stepsMax Number of steps after which the search gives up.
 */
export function linearize<State, Call extends Interval>(
  model: Model<State, Call>,
  calls: readonly Call[],
  stepsMax: number,
): Search<Call> {
  return new Linearizer(model, calls).search(stepsMax);
}

/** Calls that may come next. */
interface Next {
  /** Indices of the answered calls that started before the first answer to one of the remaining calls. */
  candidates: number[];
  /** Time of that first answer. */
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
      // The last one pushed is tried first.
      for (const next of this.#afterAnswered(node).reverse()) this.#stack.push(next);
      this.#openings.push({ node, isGuess: false }, promiseOf(node));
    }
    const order = orderTo(longest);
    const steps = this.#steps;
    if (longest.happened === this.#answered.length) return { verdict: 'linearizable', order, stuck: [], steps };
    const stuck = this.#next(longest).candidates.flatMap((index) => this.#answered[index] ?? []);
    return { verdict: steps > stepsMax ? 'undecided' : 'not linearizable', order, stuck, steps };
  }

  /** Returns the next node: one after an answered call if there is any, otherwise the most promising guess. */
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

  /** Returns the nodes after each of the answered calls; only the one that changes nothing, if there is one. */
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

  /** Returns the nodes after an unanswered call or spontaneous event that may affect the next calls. */
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

  /** Returns the keys that the next answered calls may use, also through unanswered calls, and those unanswered calls. */
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

  /** Returns whether an unanswered call can no longer happen once a call has. */
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

/** Returns whether a call was postponed too long: after its deadline, another call has already used its keys without it. */
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
