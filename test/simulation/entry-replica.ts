import type { EntryLock, WholeEntry } from '../../src/core/namespace/entries/entry';
import type { JournaledEntry } from '../../src/core/namespace/entries/entry-changes';
import { byteString } from '../../src/model/bytes';

/** An entry as the journal describes it, without its key and its revision. */
export interface KeptEntry {
  createdRevision: number;
  version: number;
  lease: number | null;
  lock: EntryLock | undefined;
  actor: string | undefined;
  contentType: string | undefined;
  /** One character a byte. */
  value: string;
}

/** An entry from a revision on; null if it was deleted. */
export interface EntryVersion {
  revision: number;
  entry: KeptEntry | null;
}

/** An entry that exists. */
export type PresentEntry = EntryVersion & { entry: KeptEntry };

/** Versions kept of an entry: enough for answers that overtake each other. */
const VERSIONS_KEPT_COUNT = 12;

/** The entries of a namespace, derived from its journal alone. Checks that the journal is consistent. */
export class EntryReplica {
  readonly #entries = new Map<string, EntryVersion[]>();

  constructor(from: Iterable<[key: string, version: PresentEntry]> = []) {
    for (const [key, version] of from) this.#entries.set(key, [version]);
  }

  /**
   * Applies the changes of a revision. Returns descriptions of its problems.
   *
   * @param forgotten Revision up to which deletions may be unknown.
   */
  apply(changes: readonly JournaledEntry[], revision: number, forgotten: number): string[] {
    const problems: string[] = [];
    const touched = new Set<string>();
    for (const change of changes) {
      const { key } = change;
      if (touched.has(key)) problems.push(`changes the entry ${key} twice`);
      touched.add(key);
      const problem = this.#applyChange(change, revision, forgotten);
      if (problem !== undefined) problems.push(`the entry ${key}: ${problem}`);
    }
    return problems;
  }

  /** Returns an entry at a revision, the newest by default; undefined if that is too old to be known. */
  at(key: string, revision = Number.POSITIVE_INFINITY): EntryVersion | undefined {
    const versions = this.#entries.get(key);
    if (versions === undefined) return { revision: 0, entry: null };
    const found = versions.findLast((version) => version.revision <= revision);
    return found ?? (versions.length < VERSIONS_KEPT_COUNT ? { revision: 0, entry: null } : undefined);
  }

  /** Returns the entries at a revision, in the order of their keys; undefined if it is too old to be known. */
  all(revision = Number.POSITIVE_INFINITY): [key: string, version: PresentEntry][] | undefined {
    const found: [string, PresentEntry][] = [];
    for (const key of this.#entries.keys()) {
      const version = this.at(key, revision);
      if (version === undefined) return undefined;
      const { entry } = version;
      if (entry !== null) found.push([key, { revision: version.revision, entry }]);
    }
    return found.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #applyChange(change: JournaledEntry, revision: number, forgotten: number): string | undefined {
    const { key, previous } = change;
    const versions = this.#entries.get(key) ?? [];
    this.#entries.set(key, versions);
    const last = versions.at(-1);
    const [before, after] = [keptOf(change.before), keptOf(change.after)];
    versions.push({ revision, entry: after });
    if (versions.length > VERSIONS_KEPT_COUNT) versions.shift();

    const known = last?.entry ?? null;
    if (entryText(before) !== entryText(known)) return `was ${entryText(known)}, not ${entryText(before)}`;
    if (before === null && after === null) return 'is deleted, but does not exist';
    const lastRevision = last?.revision ?? 0;
    const isForgotten = known === null && lastRevision <= forgotten && previous <= forgotten;
    if (previous !== lastRevision && !isForgotten) return `follows revision ${previous}, not ${lastRevision}`;
    return after === null ? undefined : unlawfulSuccessor(before, after, revision);
  }
}

/** Describes what is wrong with an entry after its change, whatever the change was. */
function unlawfulSuccessor(before: KeptEntry | null, after: KeptEntry, revision: number): string | undefined {
  if (after.createdRevision !== (before?.createdRevision ?? revision)) return `is created at ${after.createdRevision}`;
  if (after.version !== (before?.version ?? 0) + 1) return `has version ${after.version} after ${before?.version}`;
  const [was, is] = [before?.lock, after.lock];
  if (is === undefined) return was === undefined ? undefined : 'has lost its count of acquisitions';
  const { lease, index, acquiredRevision } = is;
  if (index === (was?.index ?? 0)) {
    const isOther = lease !== null && lease !== was?.lease;
    return isOther || acquiredRevision !== was?.acquiredRevision ? `is locked by ${lease} as ${index}` : undefined;
  }
  if ((was?.lease ?? null) !== null) return `is locked by ${lease} while ${was?.lease} has it`;
  const isNext = index === (was?.index ?? 0) + 1 && acquiredRevision === revision && lease !== null;
  return isNext ? undefined : `has acquisition ${index} of revision ${acquiredRevision}`;
}

/** Returns an entry as one text, which is the same for equal entries. */
export function entryText(entry: KeptEntry | null): string {
  if (entry === null) return 'nothing';
  const { createdRevision, version, lease, lock, actor, contentType, value } = entry;
  const locked = lock === undefined ? null : [lock.lease, lock.index, lock.acquiredRevision];
  return JSON.stringify([createdRevision, version, lease, locked, actor, contentType, value]);
}

function keptOf(whole: WholeEntry | null): KeptEntry | null {
  if (whole === null) return null;
  const { createdRevision, version, lease, facts, value } = whole;
  const { lock, actor, contentType } = facts ?? {};
  return { createdRevision, version, lease, lock, actor, contentType, value: byteString(value) };
}
