/**
 * Entry point `rollcall/client/kv`: entries, which are keys and values in bytes.
 *
 * @module
 */
import type { Client } from './client';
import { type KeyValue, keyValue } from './entries/key-value';
import { coreOf } from './wire/core-of';

export type { CallSettings } from './entries/attempts';
export type { Entry, EntryFacts } from './entries/entry';
export type { Key, KeyRange, Value } from './entries/key';
export type * from './entries/key-value';
export type * from './entries/transaction';

/**
 * Returns the entries of the client's namespace.
 *
 * @example
 * ```ts
 * const entries = kv(client);
 * await entries.put('config/db', 'postgres://db.internal/orders');
 * const found = await entries.get('config/db');
 * console.log(found?.text(), found?.revision);
 * ```
 */
export function kv(client: Client): KeyValue {
  return keyValue(coreOf(client));
}
