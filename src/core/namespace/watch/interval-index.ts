import type { KeyInterval } from '../../../model/key-interval';

/** An interval, the values that it has, and the latest end among the intervals of its subtree. */
interface Node<Value> extends KeyInterval {
  readonly values: Set<Value>;
  latestTo?: string | undefined;
}

/**
 * An index of intervals that finds those which have a key in time proportional to their number, and to the logarithm of the
 * number of all. The nodes are a balanced tree without pointers: an array in the order of the beginnings, in which the node
 * in the middle of a part is its root.
 * Source: augmented interval trees, as in cgranges.
 */
export class IntervalIndex<Value> {
  readonly #byName = new Map<string, Node<Value>>();
  readonly #nodes: Node<Value>[] = [];
  /** False if the latest ends have to be computed again, once a key is looked up. */
  #isCurrent = true;

  add(interval: KeyInterval, value: Value): void {
    const name = nameOf(interval);
    const known = this.#byName.get(name);
    if (known !== undefined) {
      known.values.add(value);
      return;
    }
    const { from, to } = interval;
    const node: Node<Value> = { from, to, values: new Set([value]) };
    this.#byName.set(name, node);
    this.#nodes.splice(this.#placeOf(from), 0, node);
    this.#isCurrent = false;
  }

  remove(interval: KeyInterval, value: Value): void {
    const name = nameOf(interval);
    const node = this.#byName.get(name);
    node?.values.delete(value);
    if (node === undefined || node.values.size > 0) return;
    this.#byName.delete(name);
    this.#nodes.splice(this.#nodes.indexOf(node, this.#placeOf(node.from)), 1);
    this.#isCurrent = false;
  }

  /** Returns the values of each interval that has a key. */
  setsOf(key: string): Set<Value>[] {
    const found: Set<Value>[] = [];
    if (!this.#isCurrent) this.#computeEnds(0, this.#nodes.length);
    this.#isCurrent = true;
    this.#collect(key, 0, this.#nodes.length, found);
    return found;
  }

  #collect(key: string, first: number, end: number, found: Set<Value>[]): void {
    const middle = (first + end) >>> 1;
    const node = this.#nodes[middle];
    if (first >= end || node === undefined || isBefore(node.latestTo, key)) return;
    this.#collect(key, first, middle, found);
    if (node.from > key) return;
    if (!isBefore(node.to, key)) found.push(node.values);
    this.#collect(key, middle + 1, end, found);
  }

  /** Computes the latest end in each subtree of a part, and returns that of the part; empty if it has no node. */
  #computeEnds(first: number, end: number): string | undefined {
    const middle = (first + end) >>> 1;
    const node = this.#nodes[middle];
    if (first >= end || node === undefined) return '';
    const left = this.#computeEnds(first, middle);
    const right = this.#computeEnds(middle + 1, end);
    node.latestTo = later(node.to, later(left, right));
    return node.latestTo;
  }

  /** Returns the index of the first node that begins at a key or after it. */
  #placeOf(from: string): number {
    let first = 0;
    let end = this.#nodes.length;
    while (first < end) {
      const middle = (first + end) >>> 1;
      if ((this.#nodes[middle]?.from ?? '') < from) first = middle + 1;
      else end = middle;
    }
    return first;
  }
}

/** Returns whether an interval with this end is over before a key. */
const isBefore = (to: string | undefined, key: string): boolean => to !== undefined && to <= key;

/** Returns the later of two ends; undefined is after the last key. */
function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}

const nameOf = ({ from, to }: KeyInterval): string => JSON.stringify([from, to]);
