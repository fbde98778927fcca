/**
 * Entry point `rollcall/client/kv`: entries, which are keys with values of any bytes.
 *
 * @module
 */
import type { Client } from './client';
import { type EntryCallOptions, type EntryCalls, entryCalls } from './entries/entry-calls';
import { type KeyScope, type KeyWatch, type KeyWatchOptions, watchKeys } from './watch/key-watch';
import { coreOf } from './wire/core-of';

export type { CallSettings } from './entries/attempts';
export type { Entry, EntryFacts } from './entries/entry';
export type * from './entries/entry-calls';
export type { Key, KeyRange, Value } from './entries/key';
export type * from './entries/transaction';
export type { KeyChange, KeyEvent, KeyScope, KeyWatch, KeyWatchOptions } from './watch/key-watch';

/** Reads, changes and watches the entries of a namespace. */
export interface KeyValue extends EntryCalls {
  /**
   * Watches entries: see {@link KeyWatch}. Closing the client ends the watch.
   *
   * @throws {RollcallError} `INVALID_REQUEST` if a socket is requested in a runtime without WebSocket.
   */
  watch(scope: KeyScope, options?: KeyWatchOptions): KeyWatch;
}

/**
 * Returns the calls for entries of the client's namespace.
 *
 * @example
 * ```ts
 * const entries = kv(client);
 * await entries.put('config/db', 'postgres://db.internal/orders');
 * const found = await entries.get('config/db');
 * console.log(found?.text(), found?.revision);
 * ```
 */
export function kv(client: Client, options: EntryCallOptions = {}): KeyValue {
  const core = coreOf(client);
  return { ...entryCalls(core, options), watch: (scope, watchOptions) => watchKeys(core, scope, watchOptions) };
}
