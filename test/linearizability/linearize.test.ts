import { describe, expect, it } from 'vitest';
import { type Interval, linearize, type Model } from './linearize';

/** A call on one of two registers, with the value written or read. */
interface RegisterCall extends Interval {
  name: string;
  writes?: number;
  reads?: number;
}

/** Two registers that hold numbers, initially 0. A register that holds 9 may fall back to 0 by itself. */
const REGISTERS: Model<readonly number[], RegisterCall> = {
  initial: [0, 0],
  apply: (state, { keys: [key = 0], writes, reads }) => {
    if (writes !== undefined) return [state.with(key, writes)];
    return state[key] === reads ? [state] : [];
  },
  happenings: (state, keys) =>
    [...keys].filter((key) => state[key] === 9).map((key) => ({ name: `${key} falls`, state: state.with(key, 0) })),
  textOf: (state) => state.join(),
};

const NEVER = Number.POSITIVE_INFINITY;

function call(name: string, start: number, end: number, what: Partial<RegisterCall>): RegisterCall {
  return { name, start, end, deadline: NEVER, place: 0, keys: [0], ...what };
}

const write = (writes: number, start: number, end = NEVER, key = 0) =>
  call(`write ${writes}`, start, end, { writes, keys: [key] });
const read = (reads: number, start: number, end: number, key = 0) =>
  call(`read ${reads}`, start, end, { reads, keys: [key] });

function search(calls: RegisterCall[], stepsMax = 10_000) {
  const { verdict, order, stuck } = linearize(REGISTERS, calls, stepsMax);
  const names = order.map((did) => (typeof did === 'string' ? did : did.name));
  return { verdict, names, stuck: stuck.map(({ name }) => name) };
}

describe('linearize', () => {
  it.each<[string, RegisterCall[]]>([
    ['nothing', []],
    ['one call after another', [write(1, 0, 1), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7)]],
    ['a read beside a write, that sees it', [write(1, 0, 10), read(1, 2, 3)]],
    ['a read beside a write, that does not', [write(1, 0, 10), read(0, 2, 3)]],
    ['two readers beside a write, one after the other', [write(1, 0, 10), read(0, 1, 2), read(1, 3, 4)]],
    ['two writes at once, in the order that a read shows', [write(1, 0, 5), write(2, 0, 5), read(1, 6, 7)]],
    ['an unanswered write that was seen', [write(1, 0), read(0, 1, 2), read(1, 3, 4)]],
    ['an unanswered write that was never seen', [write(1, 0), read(0, 1, 2), read(0, 3, 4)]],
    ['an unanswered write that took effect late', [write(1, 0), write(2, 1, 2), read(2, 3, 4), read(1, 5, 6)]],
    ['an event without a call', [write(9, 0, 1), read(9, 2, 3), read(0, 4, 5)]],
    ['two registers', [write(1, 0, 1, 0), write(2, 0, 1, 1), read(1, 2, 3, 0), read(2, 2, 3, 1)]],
  ])('finds an order for %s', (_, calls) => {
    expect(search(calls)).toMatchObject({ verdict: 'linearizable', stuck: [] });
  });

  it.each<[string, RegisterCall[]]>([
    ['a stale read', [write(1, 0, 1), read(0, 2, 3)]],
    ['a read of a value that was never written', [write(1, 0, 1), read(3, 2, 3)]],
    ['a read from the future', [read(1, 0, 1), write(1, 2, 3)]],
    ['readers that see a write and then do not', [write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)]],
    [
      'readers that see two writes in two orders',
      [write(1, 0, 9), write(2, 0, 9), read(1, 1, 2), read(2, 3, 4), read(1, 5, 6)],
    ],
    ['an unanswered write that took effect twice', [write(1, 0), read(1, 1, 2), write(2, 3, 4), read(1, 5, 6)]],
    ['an event that is not possible without a call', [write(8, 0, 1), read(0, 2, 3)]],
  ])('finds none for %s', (_, calls) => {
    expect(search(calls).verdict).toBe('not linearizable');
  });

  it('reports the calls it ordered and those that could not come next', () => {
    const calls = [write(9, 0, 1), read(0, 2, 3), write(1, 4, 5), read(2, 6, 9), read(3, 7, 8), write(4, 10, 11)];
    expect(search(calls)).toEqual({
      verdict: 'not linearizable',
      names: ['write 9', '0 falls', 'read 0', 'write 1'],
      stuck: ['read 2', 'read 3'],
    });
  });

  it('places no effect after its deadline', () => {
    const dead = { ...write(1, 0), deadline: 5 };
    expect(search([dead, read(0, 1, 2), read(1, 4, 9)]).verdict).toBe('linearizable');
    expect(search([dead, read(0, 1, 2), read(0, 6, 7), read(1, 8, 9)]).verdict).toBe('not linearizable');
    // A later call can distinguish its effect on one register from that on the other.
    expect(search([dead, read(0, 6, 7, 1), read(1, 8, 9)]).verdict).toBe('linearizable');
  });

  it('gives up after the given number of steps', () => {
    const calls = Array.from({ length: 8 }, (_, number) => write(number, 0, 50));
    expect(search([...calls, read(99, 60, 70)], 100).verdict).toBe('undecided');
    expect(search([...calls, read(99, 60, 70)], 1e6).verdict).toBe('not linearizable');
  });

  it('is fast with many unanswered calls that were never seen', () => {
    const open = Array.from({ length: 60 }, (_, number) => write(1_000 + number, number));
    const calls = Array.from({ length: 2_000 }, (_, number) =>
      number % 2 === 0
        ? write(number, 100 + number * 10, 105 + number * 10)
        : read(number - 1, 100 + number * 10, 105 + number * 10),
    );
    expect(linearize(REGISTERS, [...open, ...calls], 10_000)).toMatchObject({ verdict: 'linearizable', steps: 2_000 });
  });
});
