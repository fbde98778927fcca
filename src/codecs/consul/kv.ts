import { base64 } from '../../model/bytes';

/** A key and its value, to be shown. */
export interface KvPair {
  key: string;
  value: Uint8Array;
  /** A number of 64 bits that only clients use. */
  flags: bigint;
  /** Number of times that the key was locked. */
  lockIndex: number;
  /** Session that holds the lock; undefined: none. */
  session?: string | undefined;
  createIndex: number;
  modifyIndex: number;
}

/** Number that JSON text has instead of a value, which a transaction omits after a write. */
const NO_VALUE = 'null';

/**
 * Formats a pair as JSON text. A double can't hold all flags, so they are written digit by digit.
 *
 * @param withValue False: the value is null.
 */
export function kvPairText(pair: KvPair, withValue = true): string {
  const value = withValue && pair.value.length > 0 ? JSON.stringify(base64(pair.value)) : NO_VALUE;
  const session = pair.session === undefined ? '' : `"Session":${JSON.stringify(pair.session)},`;
  return (
    `{"LockIndex":${pair.lockIndex},"Key":${JSON.stringify(pair.key)},"Flags":${pair.flags},"Value":${value},` +
    `${session}"CreateIndex":${pair.createIndex},"ModifyIndex":${pair.modifyIndex}}`
  );
}

/** Formats pairs as the answer to a read; one pair is a list too. */
export const kvPairsText = (pairs: readonly KvPair[]): string => `[${pairs.map((pair) => kvPairText(pair)).join(',')}]`;

/**
 * Returns the keys of a list, each cut after the first separator that follows the prefix, without duplicates.
 *
 * @param keys In order, all with the prefix.
 * @param separator Empty: keys are not cut.
 */
export function listedKeys(keys: readonly string[], prefix: string, separator: string): string[] {
  if (separator === '') return [...keys];
  const listed: string[] = [];
  for (const key of keys) {
    const at = key.indexOf(separator, prefix.length);
    const cut = at < 0 ? key : key.slice(0, at + separator.length);
    if (listed.at(-1) !== cut) listed.push(cut);
  }
  return listed;
}
