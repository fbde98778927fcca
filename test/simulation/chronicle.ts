import type { Retention } from '../../src/core/namespace/commit/journal';
import type { SqlRow, SqlStorage } from '../../src/core/storage/sql-storage';
import { byteString } from '../../src/model/bytes';
import { entryText, type KeptEntry } from './entry-replica';
import { compactedRevision, emptiedRevision, headRevision, type JournaledRevision, readJournal } from './journal-rows';
import { Replica, type ReplicaSnapshot } from './replica';

/** Revisions between two replays of the journal. */
const REPLAY_EVERY_COUNT = 1_000;

/** Snapshots kept to replay from, at revisions of any age. */
const SNAPSHOTS_KEPT_COUNT = 6;

/** Revisions whose identity is compared after each crash; older ones are compared by the next replay. */
const COMPARED_COUNT = 300;

export interface ChronicleParts {
  /** The disk, without faults. */
  storage: () => SqlStorage;
  /** Newest revision that would survive a crash now. */
  durable: () => number;
  /** Time of the registry's clock. */
  clock: () => number;
  retention: Retention;
  /** Receives each durable revision, once, in order. */
  onRevision: (revision: JournaledRevision) => void;
  /** Receives each violated invariant. */
  onProblem: (invariant: string, what: string) => void;
}

/**
 * Follows the durable part of the journal, and checks it: durable revisions never change (I1, I2), and the present follows
 * from any point of it (I7).
 */
export class Chronicle {
  readonly #parts: ChronicleParts;
  readonly #checks = new Map<number, number>();
  readonly #stamps = new Map<number, number>();
  readonly #snapshots: ReplicaSnapshot[] = [];
  #compacted = 0;
  /** Newest revision whose deletions of entries may be unknown to the registry. */
  #forgotten = 0;
  #nextReplay = REPLAY_EVERY_COUNT;
  readonly replica = new Replica();
  /** Rows that the journal has used for all revisions so far, and changes of records and entries in them. */
  seen = { revisions: 0, parts: 0, changes: 0, entries: 0 };
  replays = 0;

  constructor(parts: ChronicleParts) {
    this.#parts = parts;
  }

  /** Reads the journal up to the newest durable revision. */
  follow(): void {
    const durable = this.#parts.durable();
    if (durable <= this.replica.revision) return;
    const storage = this.#parts.storage();
    this.#compacted = compactedRevision(storage);
    this.#forgotten = Math.max(this.#compacted, emptiedRevision(storage));
    for (const revision of readJournal(storage, this.replica.revision, durable)) this.#take(revision);
    if (this.replica.revision >= this.#nextReplay) this.replay();
  }

  /** Checks after a crash that every durable revision still exists, unchanged. */
  compareAfterCrash(): void {
    const { storage, onProblem } = this.#parts;
    const known = this.replica.revision;
    const head = headRevision(storage());
    if (head < known) onProblem('I1', `revision ${known} was durable, but the journal ends at ${head} after a crash`);
    this.#compare(readJournal(storage(), Math.max(this.#compacted, known - COMPARED_COUNT), known));
    this.follow();
  }

  /** Replays the whole journal: the present must follow from each snapshot that is still in its range. */
  replay(): void {
    const { storage, onProblem } = this.#parts;
    this.replays += 1;
    this.#nextReplay = this.replica.revision + REPLAY_EVERY_COUNT;
    this.#compacted = compactedRevision(storage());
    const lost = Math.max(this.#compacted, emptiedRevision(storage()));
    for (let index = this.#snapshots.length - 1; index >= 0; index--) {
      const reached = (this.#snapshots[index]?.revision ?? 0) >= lost;
      if (!reached) this.#snapshots.splice(index, 1);
    }
    this.#checkRetention();
    for (const map of [this.#checks, this.#stamps]) {
      for (const revision of map.keys()) if (revision <= this.#compacted) map.delete(revision);
    }
    const oldest = this.#snapshots[0]?.revision ?? this.replica.revision;
    const revisions = readJournal(storage(), oldest, this.replica.revision);
    this.#compare(revisions);
    const present = this.replica.digest();
    for (const snapshot of this.#snapshots) {
      const replica = new Replica(snapshot);
      for (const revision of revisions) {
        if (revision.revision <= snapshot.revision) continue;
        for (const problem of replica.apply(revision, lost)) onProblem('I7', `replayed: ${problem}`);
      }
      if (replica.digest() !== present) {
        onProblem(
          'I7',
          `replaying from revision ${snapshot.revision} does not give the state at ${this.replica.revision}`,
        );
      }
    }
    this.#keepSnapshot();
    if (headRevision(storage()) === this.replica.revision) this.#compareRecords();
  }

  #take(revision: JournaledRevision): void {
    const { onRevision, onProblem } = this.#parts;
    for (const problem of this.replica.apply(revision, this.#forgotten)) onProblem('I7', problem);
    this.#checks.set(revision.revision, revision.check);
    this.#stamps.set(revision.revision, revision.at);
    this.seen.revisions += 1;
    this.seen.parts += revision.parts;
    this.seen.changes += revision.changes.length;
    this.seen.entries += revision.entries.length;
    if (this.#snapshots.length === 0) this.#keepSnapshot();
    onRevision(revision);
  }

  #compare(revisions: JournaledRevision[]): void {
    for (const { revision, check } of revisions) {
      const known = this.#checks.get(revision);
      if (known === undefined || known === check) continue;
      this.#parts.onProblem('I2', `revision ${revision} is a different change than before`);
    }
  }

  /** Checks that compacted revisions were old enough: no run makes enough revisions to reach another bound. */
  #checkRetention(): void {
    const stamp = this.#stamps.get(this.#compacted);
    if (stamp === undefined) return;
    const { maxCount, maxAgeMs } = this.#parts.retention;
    const ageMs = Math.max(this.replica.at, this.#parts.clock()) - stamp;
    if (this.replica.revision > maxCount || ageMs >= 0.99 * maxAgeMs) return;
    this.#parts.onProblem('J3', `revision ${this.#compacted} is compacted, and ${ageMs} ms old`);
  }

  /** Compares the records on the disk with those of the journal. */
  #compareRecords(): void {
    const kinds = { service: 1, override: 2, instance: 3 };
    const expected = new Map<string, string>();
    for (const [key, { revision, text }] of this.replica.records()) {
      expected.set(JSON.stringify([kinds[key.kind], key.group, key.service, key.id]), `${revision} ${text}`);
    }
    const rows = 'SELECT kind, group_name, service, id, revision, value FROM record WHERE value IS NOT NULL';
    for (const [kind, group, service, id, revision, value] of this.#parts.storage().read(rows)) {
      const name = JSON.stringify([kind, group, service, id]);
      if (expected.get(name) !== `${revision} ${value}`) {
        this.#parts.onProblem(
          'I7',
          `the disk holds ${name} as ${revision} ${value}; the journal: ${expected.get(name)}`,
        );
      }
      expected.delete(name);
    }
    for (const name of expected.keys()) this.#parts.onProblem('I7', `the disk does not hold ${name}`);
    this.#compareEntries();
  }

  /** Compares the entries on the disk with those of the journal. */
  #compareEntries(): void {
    const { storage, onProblem } = this.#parts;
    const expected = new Map(
      this.replica.entries.all()?.map(([key, { revision, entry }]) => [key, `${revision} ${entryText(entry)}`]),
    );
    const rows = `SELECT key, revision, created_revision, version, lease, facts, value FROM entry
      WHERE version > 0 ORDER BY key`;
    for (const [blob, revision, createdRevision, version, lease, facts, value] of storage().read(rows)) {
      const key = textOf(blob);
      // `as`: the core wrote this.
      const { lock, actor, contentType } = JSON.parse(String(facts)) as Omit<KeptEntry, 'value'>;
      const numbers = { createdRevision: Number(createdRevision), version: Number(version) };
      const held = lease === null ? null : Number(lease);
      const text = entryText({ ...numbers, lease: held, lock, actor, contentType, value: textOf(value) });
      if (expected.get(key) !== `${revision} ${text}`) {
        onProblem('I7', `the disk holds ${key} as ${revision} ${text}; the journal: ${expected.get(key)}`);
      }
      expected.delete(key);
    }
    for (const key of expected.keys()) onProblem('I7', `the disk does not hold the entry ${key}`);
    const orphans = 'SELECT DISTINCT lease FROM entry WHERE lease IS NOT NULL AND lease NOT IN (SELECT id FROM lease)';
    for (const [lease] of storage().read(orphans)) onProblem('I6', `the lease ${lease} holds entries, but is gone`);
  }

  #keepSnapshot(): void {
    // Dropping the second oldest each time leaves snapshots of all ages.
    if (this.#snapshots.length >= SNAPSHOTS_KEPT_COUNT) this.#snapshots.splice(1, 1);
    this.#snapshots.push(this.replica.snapshot());
  }
}

/** Returns bytes as text, one character a byte. */
function textOf(blob: SqlRow[number] | undefined): string {
  return blob instanceof ArrayBuffer ? byteString(new Uint8Array(blob)) : '';
}
