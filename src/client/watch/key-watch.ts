import { type Entry, type EntryJson, entryOf } from '../entries/entry';
import { bytesShown, type KeyRange, shownRange } from '../entries/key';
import type { ClientCore } from '../wire/client-core';
import { RollcallError } from '../wire/rollcall-error';
import type { ScopeChanges, ScopeFrame } from '../wire/wire-frame';
import { ServiceWatch } from './service-watch';
import type { ChooseSource, WatchOptions, WatchStatus } from './watch';

/** Keys of a watch: one range, or several. */
export type KeyScope = KeyRange | readonly KeyRange[];

/** Options of a watch of entries. */
export interface KeyWatchOptions
  extends Pick<WatchOptions, 'cursor' | 'transport' | 'keepsAlive' | 'signal' | 'onStatus' | 'onEnd'> {
  /**
   * True: each change includes the entry before it. Has no effect on long polls, which report no changes. Default: false.
   */
  previous?: boolean | undefined;
  /** Receives the events as they arrive, instead of the iterator. */
  onEvent?: ((event: KeyEvent) => void) | undefined;
}

/**
 * A change of an entry. `previous`: the entry before it, null if there was none; only if the watch requested it, and if the
 * revision has no more than 32 MiB of them.
 */
export type KeyChange =
  | { type: 'put'; key: string; keyBytes: Uint8Array<ArrayBuffer>; entry: Entry; previous?: Entry | null }
  | { type: 'delete'; key: string; keyBytes: Uint8Array<ArrayBuffer>; previous?: Entry | null };

/** An event of a watch of entries. */
export type KeyEvent =
  /** All entries of the watched keys, which replace those known before. */
  | { type: 'snapshot'; cursor: string; revision: number; entries: Entry[] }
  /** All changes of one revision, in the order in which they were made. */
  | {
      type: 'changes';
      cursor: string;
      revision: number;
      /** Cause, such as `put` or `deleted`. */
      cause: string;
      /** Id of the token, or `registry`. */
      actor: string;
      /** Time of the revision, RFC 3339. */
      at: string;
      changes: KeyChange[];
    }
  /** A newer cursor without changes of these keys. */
  | { type: 'bookmark'; cursor: string }
  /** The changes since the cursor are no longer available, for this reason. A snapshot follows. */
  | { type: 'reset'; reason: string };

/**
 * A watch of entries: a snapshot, then every change. It survives any number of broken connections without gaps or
 * duplicates. By long polls, each event is a snapshot.
 *
 * Iterate it only once. The iterator ends when the watch is closed, and throws a `RollcallError` if the registry refuses
 * the watch for good.
 */
export interface KeyWatch extends AsyncIterable<KeyEvent> {
  readonly status: WatchStatus;
  /** Cursor of the newest received event, read or not; undefined before the first. */
  readonly cursor: string | undefined;
  /** Ends the watch. */
  close(): void;
}

/** Loads the transports with the first watch. */
const chooseSource: ChooseSource = async (watch) => (await import('./choose-source')).chooseSource(watch);

/**
 * Watches entries until the watch or the client is closed.
 *
 * @throws {RollcallError} `INVALID_REQUEST` for keys that are not valid, or if a socket is requested in a runtime without
 * WebSocket.
 */
export function watchKeys(core: ClientCore, scope: KeyScope, options: KeyWatchOptions = {}): KeyWatch {
  const ranges = isList(scope) ? scope : [scope];
  if (ranges.length === 0) throw new RollcallError('INVALID_REQUEST', 'name at least one key, prefix or interval');
  const { onEvent, ...others } = options;
  const onFrame = onEvent && ((frame: ScopeFrame) => onEvent(eventOf(frame)));
  const watch: KeyWatch = {
    get status() {
      return frames.status;
    },
    get cursor() {
      return frames.cursor;
    },
    close: () => frames.close(),
    async *[Symbol.asyncIterator]() {
      for await (const frame of frames) yield eventOf(frame);
    },
  };
  const keys = ranges.map(shownRange);
  if (keys.some(({ key, to }) => key === '' || to === '')) {
    throw new RollcallError('INVALID_REQUEST', 'a key must not be empty; omit `to` for all keys after `from`');
  }
  const over = (ended: ServiceWatch<ScopeFrame>) => core.opened.delete(ended);
  const frames = new ServiceWatch<ScopeFrame>(core, { keys }, { ...others, onFrame }, over, chooseSource);
  if (options.signal?.aborted !== true) core.opened.add(frames);
  return watch;
}

/** Narrows a scope: `Array.isArray` does not know lists that are read-only. */
const isList = (scope: KeyScope): scope is readonly KeyRange[] => Array.isArray(scope);

function eventOf(frame: ScopeFrame): KeyEvent {
  switch (frame.type) {
    case 'snapshot': {
      const { type, cursor, revision, entries = [] } = frame;
      return { type, cursor, revision, entries: entries.map(entryOf) };
    }
    case 'changes': {
      const { counts: _counts, changes, ...revision } = frame;
      return { ...revision, changes: changes.flatMap(changeOf) };
    }
    default:
      return frame;
  }
}

/** Converts a change; an empty list for one of a service or an instance, which no such watch has. */
function changeOf(change: ScopeChanges['changes'][number]): KeyChange[] {
  if (change.kind !== 'entry') return [];
  const { type, key: text, keyBase64, before } = change;
  const entry = (content: EntryJson): Entry => entryOf({ ...content, key: text, keyBase64 });
  const previous = before === undefined ? {} : { previous: before && entry(before) };
  const keyBytes = bytesShown(text, keyBase64);
  const key = text ?? new TextDecoder().decode(keyBytes);
  return [
    type === 'put'
      ? { type, key, keyBytes, entry: entry(change.after), ...previous }
      : { type, key, keyBytes, ...previous },
  ];
}
