import { quoteKey } from '../../../model/entry';
import { RegistryError } from '../../../model/errors';
import type { KeyInterval } from '../../../model/key-interval';
import { ENTRY_STEPS_BACK_MAX_COUNT } from '../../../model/limits';
import type { StoredState } from '../commit/commit-state';
import { completeFrom, entryFloor } from '../commit/entry-floor';
import type { Journal } from '../commit/journal';
import type { Entry, WholeEntry } from '../entries/entry';
import { decodeEntryChanges, type JournaledEntry } from '../entries/entry-changes';
import type { EntryStore } from '../entries/entry-store';
import type { EntrySource } from '../queries/entries';
import { ChangesByKey } from './changes-by-key';

/** Journal rows, or keys, after which a walk yields to other work: a few milliseconds. */
const STEPS_PER_TURN = 200;

/** Bytes of the journal after which it does, too. */
const SIZE_PER_TURN = 2 * 1024 * 1024;

/** An entry as it was, and the revision of its next change, where the journal has its value. */
interface PastEntry {
  entry: Entry;
  changedAt: number;
}

/** The parts of a namespace that the past of its entries is read from. */
type PastState = Pick<StoredState, 'journal' | 'entries' | 'platform'>;

/**
 * The entries of an interval as they were right after a revision. Those that have not changed since are as they are now. Each
 * other one is looked for along its own chain of changes, which is short for most, all of them a step at a time; the rest are
 * found by reading forward from the revision up to the first change of each, which comes soon for a key that changes often.
 *
 * The namespace goes on meanwhile: {@link now} returns nothing while entries are missing, and is valid for the turn in which
 * it returns them.
 */
export class EntryPast {
  readonly #state: PastState;
  readonly #interval: KeyInterval;
  readonly #revision: number;
  /** Entries that have changed since; null for a key without one at the revision. */
  readonly #found = new Map<string, PastEntry | null>();

  readonly #changes: ChangesByKey;

  /**
   * @param revision A retained and durable revision.
   * @param changes Shared by the pieces of one read, as a revision may have changed keys of several.
   */
  constructor(
    state: PastState,
    interval: KeyInterval,
    revision: number,
    changes: ChangesByKey = new ChangesByKey(state.journal),
  ) {
    this.#state = state;
    this.#interval = interval;
    this.#revision = revision;
    this.#changes = changes;
  }

  /**
   * Returns the entries; undefined if some are missing, because they have changed since {@link find}.
   *
   * @throws {RegistryError} `COMPACTED` if the history of entries does not reach back to the revision.
   */
  now(): PastEntries | undefined {
    return this.#missing().length > 0
      ? undefined
      : new PastEntries(this.#state.entries, this.#changes, this.#interval, this.#revision, this.#found);
  }

  #missing(): string[] {
    assertRetained(this.#state.journal, this.#revision);
    return missingKeys(this.#state.entries, this.#interval, this.#revision, this.#found);
  }

  /**
   * Finds what is missing.
   *
   * @throws {RegistryError} `COMPACTED`; `INTERNAL` if the storage is damaged.
   */
  async find(): Promise<void> {
    const { journal, entries, platform } = this.#state;
    const rest = new Set<string>();
    let links: Link[] = [];
    let taken = 0;
    const endsTurn = () => ++taken % STEPS_PER_TURN === 0;
    for (const key of this.#missing()) {
      links.push({ key, changedAt: entries.changedAt(key), steps: 0 });
      if (endsTurn()) await platform.nextTurn();
    }
    while (links.length > 0) {
      const earlier: Link[] = [];
      for (const link of inOrderOfJournal(links)) {
        const past = lookBack(this.#changes, journal.storedRevision, link, this.#revision);
        if (past === undefined) rest.add(link.key);
        else if (past !== null && 'steps' in past) earlier.push(past);
        else this.#found.set(link.key, past);
        if (endsTurn()) await platform.nextTurn();
      }
      links = earlier;
    }
    if (rest.size === 0) return;
    await lookForward(this.#state, rest, this.#revision, this.#found);
    for (const key of rest) throw lostChange(key, this.#revision);
  }
}

/**
 * Reads entries as they were right after a revision.
 *
 * @param answer Reads from the entries of the interval. It runs in the same turn that completes them.
 * @param changes Shared by the pieces of one read.
 * @throws {RegistryError} `COMPACTED` if the history of entries does not reach back to the revision.
 */
export async function withEntriesAt<Result>(
  state: PastState,
  interval: KeyInterval,
  revision: number,
  answer: (source: EntrySource) => Result,
  changes?: ChangesByKey,
): Promise<Result> {
  const past = new EntryPast(state, interval, revision, changes);
  for (;;) {
    const source = past.now();
    if (source !== undefined) return answer(source);
    await past.find();
  }
}

/** @throws {RegistryError} `COMPACTED`. */
function assertRetained(journal: Journal, revision: number): void {
  const { readable } = entryFloor(journal);
  if (revision >= readable) return;
  throw new RegistryError(
    'COMPACTED',
    `the history of entries goes back to revision ${readable}, and not to revision ${revision}; read a later one`,
    { compactedRevision: completeFrom(journal, revision) },
  );
}

/** Returns the keys of an interval that have changed since a revision, without those that are found. */
function missingKeys(
  entries: EntryStore,
  interval: KeyInterval,
  revision: number,
  found: ReadonlyMap<string, unknown>,
): string[] {
  const keys: string[] = [];
  for (const entry of entries.within(interval)) {
    if (entry.revision > revision && !found.has(entry.key)) keys.push(entry.key);
  }
  for (const key of entries.deletedSince(interval, revision).keys()) if (!found.has(key)) keys.push(key);
  return keys;
}

/** A change in the chain of a key. */
interface Link {
  key: string;
  changedAt: number;
  /** Number of changes after it that were read from the disk. */
  steps: number;
}

/**
 * Sorts links so that each revision comes once, and its keys in order, as the end of a lease stores them. Otherwise one with
 * many changes would be decoded again for each of its keys.
 */
function inOrderOfJournal(links: Link[]): Link[] {
  return links.sort((a, b) => a.changedAt - b.changedAt || (a.key < b.key ? -1 : 1));
}

/**
 * Follows the changes of a key one step back to a revision: returns the entry at the revision, or the earlier change that is
 * to be read next. Returns undefined if there were too many steps: the rest is then on the disk.
 *
 * @param stored Newest revision on the disk. Later ones are in memory, and few.
 */
function lookBack(
  changes: ChangesByKey,
  stored: number,
  { key, changedAt, steps }: Link,
  revision: number,
): PastEntry | Link | null | undefined {
  const change = changes.at(changedAt, key);
  if (change === undefined) return undefined;
  if (change.previous <= revision) return pastEntry(change, changedAt);
  const { previous } = change;
  const next = { key, changedAt: previous, steps: steps + (previous <= stored ? 1 : 0) };
  return next.steps < ENTRY_STEPS_BACK_MAX_COUNT ? next : undefined;
}

function pastEntry({ before }: JournaledEntry, changedAt: number): PastEntry | null {
  if (before === null) return null;
  const { value: _, ...entry } = before;
  return { entry, changedAt };
}

/** Returns the error for a key that has changed since a revision by the table of entries, but not by the journal. */
function lostChange(key: string, revision: number): RegistryError {
  return new RegistryError(
    'INTERNAL',
    `the storage is damaged: the entry ${quoteKey(key)} has changed since revision ${revision}, and the journal does not have that change; read the present, or restore a backup`,
  );
}

/**
 * Finds the first change of each key after a revision: its `before` is the entry at that revision. Removes those that it
 * finds from `missing`.
 */
async function lookForward(
  { journal, platform }: PastState,
  missing: Set<string>,
  from: number,
  found: Map<string, PastEntry | null>,
): Promise<void> {
  let reached = from;
  while (missing.size > 0 && reached < journal.storedRevision) {
    assertRetained(journal, from);
    // Revisions that are being written are found along the chain, in the next round.
    reached = scan(journal, missing, reached, found);
    await platform.nextTurn();
  }
  assertRetained(journal, from);
}

/** Reads some of the journal. Returns the revision up to which everything was read. */
function scan(journal: Journal, missing: Set<string>, after: number, found: Map<string, PastEntry | null>): number {
  let rows = 0;
  let size = 0;
  let reached = after;
  for (const { revision, part } of journal.entries.partsAfter(after, journal.storedRevision)) {
    if (revision !== reached) {
      if (rows >= STEPS_PER_TURN || size >= SIZE_PER_TURN || missing.size === 0) return reached;
      reached = revision;
    }
    rows += 1;
    size += part.byteLength;
    for (const change of decodeEntryChanges(part, revision, ({ key }) => missing.has(key))) {
      if (missing.delete(change.key)) found.set(change.key, pastEntry(change, revision));
    }
  }
  return journal.storedRevision;
}

/** The entries of one interval at a revision. */
export class PastEntries implements EntrySource {
  readonly #store: EntryStore;
  readonly #found: ReadonlyMap<string, PastEntry | null>;
  readonly #changes: ChangesByKey;
  readonly #interval: KeyInterval;
  readonly #revision: number;
  #listed: Entry[] | undefined;

  constructor(
    store: EntryStore,
    changes: ChangesByKey,
    interval: KeyInterval,
    revision: number,
    found: ReadonlyMap<string, PastEntry | null>,
  ) {
    this.#store = store;
    this.#found = found;
    this.#changes = changes;
    this.#interval = interval;
    this.#revision = revision;
  }

  /** All of them, by key: listed only when needed, as a comparison needs none but those that have changed. */
  get #entries(): Entry[] {
    this.#listed ??= this.#list();
    return this.#listed;
  }

  #list(): Entry[] {
    const entries = [...this.#store.within(this.#interval)].filter((entry) => entry.revision <= this.#revision);
    for (const past of this.#found.values()) if (past !== null) entries.push(past.entry);
    return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Returns an entry of the interval; undefined if there was none. */
  get(key: string): Entry | undefined {
    const past = this.#found.get(key);
    return past === undefined ? this.#store.get(key) : past?.entry;
  }

  /** Returns the keys that have changed since. */
  changedKeys(): Iterable<string> {
    return this.#found.keys();
  }

  /** Returns entries with their values, in the order in which the journal has them: it decodes each revision once. */
  wholeInOrderOfJournal(entries: readonly Entry[]): WholeEntry[] {
    const changedAt = ({ key }: Entry) => this.#found.get(key)?.changedAt ?? 0;
    return [...this.whole([...entries].sort((a, b) => changedAt(a) - changedAt(b)))];
  }

  /** Returns the number of all its entries, as it has only one interval. */
  countIn(): number {
    return this.#entries.length;
  }

  within(_interval: KeyInterval, descending = false): Iterable<Entry> {
    return descending ? this.#entries.toReversed() : this.#entries;
  }

  *whole(entries: Iterable<Entry>): Generator<WholeEntry> {
    // Entries that have not changed since, until the next one that has.
    let current: Entry[] = [];
    for (const entry of entries) {
      const past = this.#found.get(entry.key);
      if (!past) {
        current.push(entry);
        continue;
      }
      yield* this.#store.whole(current);
      current = [];
      const value = this.#changes.at(past.changedAt, entry.key)?.before?.value;
      if (value === undefined) throw new Error('the journal has lost an entry that it had');
      yield { ...entry, value };
    }
    yield* this.#store.whole(current);
  }
}
