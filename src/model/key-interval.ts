import { utf8ByteString } from './bytes';
import type { KeyPattern } from './grant';
import { REST } from './service-name';

/** Keys from one up to, but not including, another. */
export interface KeyInterval {
  /** Empty: from the first key. */
  from: string;
  /** Absent: to the last key. */
  to?: string | undefined;
}

/** Returns whether a key is in an interval. */
export function isWithin(key: string, { from, to }: KeyInterval): boolean {
  return key >= from && (to === undefined || key < to);
}

/** Returns the interval of a single key. */
export function intervalOf(key: string): KeyInterval {
  return { from: key, to: `${key}\u0000` };
}

/** Returns the interval of all keys that begin with a prefix; every key if it is empty. */
export function intervalOfPrefix(prefix: string): KeyInterval {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix.charCodeAt(end - 1);
    if (last < 0xff) return { from: prefix, to: prefix.slice(0, end - 1) + String.fromCharCode(last + 1) };
  }
  return { from: prefix, to: undefined };
}

/** Returns the keys that a pattern of a grant covers. */
export function keysOfPattern(pattern: KeyPattern): KeyInterval {
  const isOpen = pattern.endsWith(REST);
  const stem = utf8ByteString(isOpen ? pattern.slice(0, -REST.length) : pattern);
  return isOpen ? intervalOfPrefix(stem) : intervalOf(stem);
}

/** Splits an interval after one of its keys, in the order of the keys or against it. */
export function splitAt(
  { from, to }: KeyInterval,
  last: string,
  descending = false,
): { piece: KeyInterval; rest: KeyInterval } {
  const after = `${last}\u0000`;
  return descending
    ? { piece: { from: last, to }, rest: { from, to: last } }
    : { piece: { from, to: after }, rest: { from: after, to } };
}

/** Returns whether an interval has all keys of another. */
export function includesKeys({ from, to }: KeyInterval, other: KeyInterval): boolean {
  return other.from >= from && (to === undefined || (other.to !== undefined && other.to <= to));
}
