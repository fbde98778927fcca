import type { Cause } from '../../../model/history';
import { LEASE_END_SLICE_MAX_BYTES, LEASE_END_SLICE_MAX_COUNT } from '../../../model/limits';
import { commit } from '../commit/commit';
import type { CommitState } from '../commit/commit-state';
import { Draft } from '../commit/draft';
import { deleteStagedParts, writeStagedPart } from '../commit/staged-parts';
import { freed, type WholeEntry } from '../entries/entry';
import { encodeEntryParts, type JournaledEntry } from '../entries/entry-changes';
import { type GrantedLease, keyOf, type LeaseEnding, type StagedKeys } from '../records/catalog-entries';
import { deleteLeaseRows, writeLeaseRow } from '../records/granted-leases';

/**
 * The end of a lease that holds too much for one turn: it is marked as ended, and holds nothing new from then on. Slices,
 * between which other commands run, write the changes of its entries into parts that belong to no revision yet. The last
 * turn makes these parts the next revision. Until then everything is still there. After a restart it begins again.
 *
 * Source: design/decisions/0043-leases-that-hold-much.md.
 */

/** Work of the end of leases. */
export interface EndLoad {
  /** Number of entries, held or only locked, and of instances. */
  count: number;
  /** Bytes of the entries. */
  bytes: number;
}

/** Returns the work of the end of a lease. */
export function endLoadOf(
  { entries }: Pick<CommitState, 'entries'>,
  { keys, locks, instances }: GrantedLease,
): EndLoad {
  let bytes = 0;
  for (const key of keys) bytes += entries.get(key)?.size ?? 0;
  for (const key of locks) bytes += entries.get(key)?.size ?? 0;
  return { count: keys.size + locks.size + instances.size, bytes };
}

/** Returns whether a lease holds too much to end in one turn. One that layouts are concerned with ends in one. */
export function isSlowToEnd(state: Pick<CommitState, 'entries' | 'layouts'>, lease: GrantedLease): boolean {
  const isMuch =
    lease.keys.size + lease.locks.size > LEASE_END_SLICE_MAX_COUNT ||
    endLoadOf(state, lease).bytes > LEASE_END_SLICE_MAX_BYTES;
  return isMuch && !state.layouts.concerns(lease);
}

/** Begins the lock delay of a lease that has ended. @param keys The locks that it had. */
export function delayLocks(
  { pipeline, lockDelays }: CommitState,
  { lockDelayMs }: GrantedLease,
  keys: readonly string[],
  now: number,
): void {
  if (lockDelayMs > 0 && keys.length > 0) pipeline.enqueue(lockDelays.begin(keys, lockDelayMs, now));
}

/** Marks a lease as ended. {@link continueEnds} does the rest. */
export function beginEnd(state: CommitState, lease: GrantedLease, cause: Cause, actor: string, now: number): void {
  const { granted, leases, pipeline, platform, agenda } = state;
  if (lease.slot >= 0) {
    leases.release(lease.slot);
    lease.slot = -1;
    for (const instance of lease.instances) instance.lease = -1;
  }
  granted.markEnded(lease, { cause, actor, changed: [], staged: undefined });
  pipeline.enqueue(() => writeLeaseRow(platform.storage, lease, now));
  agenda.set({ kind: 'lease-end' }, now);
}

/** Adds to a draft the end of everything that a lease holds. */
export function draftEnd(draft: Draft, { instances, keys, locks }: GrantedLease, cause: Cause): void {
  for (const instance of instances) draft.removeInstance(keyOf(instance), cause);
  for (const key of [...keys].sort()) draft.entries.delete(key, cause);
  for (const key of [...locks].sort()) draft.entries.unlock(key, cause);
}

/** Does one slice of the end of a lease. Returns false if no lease is ending. */
export function continueEnds(state: CommitState, now: number): boolean {
  const lease = state.granted.nextEnding;
  if (lease?.ending === undefined || state.pipeline.fault !== undefined) return false;
  // The parts of the last slice may be read only once they are on the disk. Two callers may do slices in turn.
  if ((lease.ending.staged?.unwritten ?? 0) > 0) return true;
  const { ending } = lease;
  const { storage } = state.platform;
  if (ending.staged === undefined) {
    state.pipeline.enqueue(() => deleteStagedParts(storage, lease.id));
    const order = [...new Set([...lease.keys, ...lease.locks])].sort();
    ending.staged = { order, next: 0, slices: [], rows: 0, unwritten: 0 };
  }
  const { staged } = ending;
  noteChanged(ending, staged);
  const dirty = staged.slices.find(({ isChanged }) => isChanged);
  if (staged.next < staged.order.length) stageNext(state, lease, staged);
  else if (dirty !== undefined) stageAgain(state, lease, staged, dirty);
  else finish(state, lease, ending, staged, now);
  return true;
}

/** Marks the slices whose entries have changed since they were staged. */
function noteChanged(ending: LeaseEnding, { slices }: StagedKeys): void {
  for (const key of ending.changed) {
    const slice = slices.find(({ last }) => key <= last);
    if (slice !== undefined && key >= slice.first) slice.isChanged = true;
  }
  ending.changed.length = 0;
}

function stageNext(state: CommitState, lease: GrantedLease, staged: StagedKeys): void {
  const keys: string[] = [];
  let bytes = 0;
  while (staged.next < staged.order.length && keys.length < LEASE_END_SLICE_MAX_COUNT) {
    const key = staged.order[staged.next] ?? '';
    bytes += state.entries.get(key)?.size ?? 0;
    if (keys.length > 0 && bytes > LEASE_END_SLICE_MAX_BYTES) break;
    keys.push(key);
    staged.next += 1;
  }
  const [first = '', last = ''] = [keys[0], keys.at(-1)];
  staged.slices.push({ first, last, isChanged: false, rows: stage(state, lease, staged, keys) });
}

function stageAgain(
  state: CommitState,
  lease: GrantedLease,
  staged: StagedKeys,
  slice: StagedKeys['slices'][number],
): void {
  const { storage } = state.platform;
  const obsolete = slice.rows.map(({ row }) => row);
  state.pipeline.enqueue(() => {
    for (const row of obsolete) deleteStagedParts(storage, lease.id, row);
  });
  const keys = staged.order.filter((key) => key >= slice.first && key <= slice.last);
  slice.rows = stage(state, lease, staged, keys);
  slice.isChanged = false;
}

/** Encodes the end of those keys that the lease still holds or has locked, and writes the parts. */
function stage(state: CommitState, lease: GrantedLease, staged: StagedKeys, keys: readonly string[]) {
  const isOurs = (key: string) => lease.keys.has(key) || lease.locks.has(key);
  const held = keys.flatMap((key) => (isOurs(key) ? (state.entries.get(key) ?? []) : []));
  const cause = lease.ending?.cause ?? 'expired';
  const changes: JournaledEntry[] = [];
  for (const before of state.entries.whole(held)) {
    const after = lease.keys.has(before.key) ? null : unlocked(before);
    changes.push({ key: before.key, cause, previous: before.revision, before, after });
  }
  return encodeEntryParts(changes).map((part) => {
    const row = staged.rows;
    staged.rows += 1;
    staged.unwritten += 1;
    state.pipeline.enqueue(() => {
      writeStagedPart(state.platform.storage, lease.id, row, part);
      staged.unwritten -= 1;
    });
    return { row, bytes: part.byteLength };
  });
}

/** Returns an entry as it is once its lock is released. Its revision is not encoded: it is that of the part. */
function unlocked(entry: WholeEntry): WholeEntry {
  const facts = entry.facts && { ...entry.facts, lock: freed(entry.facts.lock) };
  return { ...entry, version: entry.version + 1, facts };
}

/**
 * Takes the revision, in one turn that reads no value, unless layouts have become concerned with the lease meanwhile: more
 * than the staged deletions follows then.
 */
function finish(state: CommitState, lease: GrantedLease, ending: LeaseEnding, staged: StagedKeys, now: number): void {
  const { granted, pipeline, platform } = state;
  const { cause, actor } = ending;
  const draft = new Draft(state, now);
  const locks = [...lease.locks];
  if (state.layouts.concerns(lease)) {
    draftEnd(draft, lease, cause);
    commit(state, draft, actor);
  } else {
    for (const instance of lease.instances) draft.removeInstance(keyOf(instance), cause);
    const rows = staged.slices.flatMap((slice) => slice.rows);
    const released = locks.filter((key) => !lease.keys.has(key));
    commit(state, draft, actor, { lease: lease.id, keys: lease.keys, released, cause, rows });
  }
  delayLocks(state, lease, locks, now);
  granted.remove(lease);
  pipeline.enqueue(() => {
    deleteStagedParts(platform.storage, lease.id);
    deleteLeaseRows(platform.storage, [lease.id]);
  });
}
