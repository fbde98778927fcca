import { quote, RegistryError } from '../../../model/errors';
import type { ImportMode } from '../../../model/transfer';
import { readProperty, writeProperty } from '../../storage/schema';
import type { SqlStorage } from '../../storage/sql-storage';
import type { RecordKey } from '../records/records';
import type { Agenda } from '../time/agenda';
import type { TurnState } from '../turn/turn-state';
import { type EntryTally, type StagedEntries, type StagedEntry, StagedEntryTable } from './staged-entries';
import { EMPTY_TALLY, type StagedRecord, StagedRecords, type StagedTally } from './staged-records';

const PROPERTY = 'import';

/** The latest import, as it is stored. */
export interface KeptImport {
  id: string;
  /** Id of the token, which is the actor of all its changes. */
  actor: string;
  /**
   * `staging`: nothing is in effect. `applying`: it will run to its end. `over`: it is complete.
   * `dropped`: it was dropped before it was applied.
   */
  phase: 'staging' | 'applying' | 'over' | 'dropped';
  mode?: ImportMode;
}

/** Results of a plan, for checks against the limits of the namespace. */
export interface PlanFacts {
  mode: ImportMode;
  addedInstances: number;
  addedSize: number;
  addedEntries: EntryTally;
  /** The service that is being counted, and the number of instances that it will have. */
  inService: { name: string; count: number };
  /** True once the whole file has been compared. */
  isWhole: boolean;
}

/** Progress of applying the entries of an import. */
export interface EntryPlace {
  /** Key of the last entry of the file that was put. */
  put: string;
  isAllPut: boolean;
  /** Key of the last existing entry that was looked up in the file. */
  present: string;
  isAllRemoved: boolean;
}

/** Progress of applying an import. It is not stored: after a wake everything may be done again. */
export interface ApplyPlace {
  /** The last record of the file that was put. */
  put: RecordKey | undefined;
  isAllPut: boolean;
  /** Existing records, to find those that are not in the file. */
  present: Iterator<RecordKey> | undefined;
  isAllRemoved: boolean;
  /** Entries, which follow the records. */
  entries: EntryPlace;
  done: number;
  of: number;
}

/** The parts of a namespace that an import uses. */
export interface ImportState extends TurnState {
  readonly imports: Imports;
}

/** The only import that a namespace may have in progress: its staged records, and its progress. */
export class Imports {
  readonly staged: StagedRecords;
  readonly #entries: StagedEntryTable;
  readonly #storage: SqlStorage;
  #kept: KeptImport | undefined;
  tally: StagedTally = EMPTY_TALLY;
  plan: PlanFacts | undefined;
  place: ApplyPlace | undefined;
  /** Time it continues by itself, or is dropped, on the namespace's axis. */
  dueAt = 0;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
    this.staged = new StagedRecords(storage);
    this.#entries = new StagedEntryTable(storage);
    const text = readProperty(storage, PROPERTY);
    this.#kept = text === undefined ? undefined : (JSON.parse(text) as KeptImport); // `as`: only keep writes it
    if (this.isUnderWay) this.tally = { ...this.staged.tally(), ...this.#entries.tally(this.#id) };
  }

  get #id(): string {
    return this.#kept?.id ?? '';
  }

  get current(): KeptImport | undefined {
    return this.#kept;
  }

  /** True while records are staged. */
  get isUnderWay(): boolean {
    return this.#kept?.phase === 'staging' || this.#kept?.phase === 'applying';
  }

  get isApplying(): boolean {
    return this.#kept?.phase === 'applying';
  }

  get isReplacing(): boolean {
    return this.isApplying && this.#kept?.mode === 'replace';
  }

  /** Changes its state at once, and returns a function that stores it within a commit. */
  keep(kept: KeptImport): () => void {
    this.#kept = kept;
    if (!this.isUnderWay) {
      this.tally = EMPTY_TALLY;
      this.plan = undefined;
      this.place = undefined;
    }
    const text = JSON.stringify(kept);
    return () => writeProperty(this.#storage, PROPERTY, text);
  }

  /** Schedules the alarm that continues or drops the import, at a time on the namespace's axis. */
  schedule(agenda: Agenda, at: number): void {
    this.dueAt = at;
    agenda.set({ kind: 'import' }, at);
  }

  /** Counts records and entries as staged, and returns a function that writes them. */
  add(records: readonly StagedRecord[], entries: readonly StagedEntry[], tally: StagedTally): () => void {
    this.tally = tally;
    const id = this.#id;
    return () => {
      this.staged.add(records);
      this.#entries.add(id, entries);
    };
  }

  /** Removes all that is staged. Runs inside a commit. */
  clear(): void {
    this.staged.clear();
    this.#entries.clear();
  }

  /** Returns the line of a staged entry; undefined if it is not in the file. */
  lineOfEntry(key: string): number | undefined {
    return this.tally.entries === 0 ? undefined : this.#entries.lineOf(this.#id, key);
  }

  /** Returns staged entries after a key, in order. */
  entriesAfter(key: string, most: number): StagedEntries {
    return this.tally.entries === 0 ? { rows: [], isEnd: true } : this.#entries.after(this.#id, key, most);
  }

  /** @throws {RegistryError} `CONFLICT` if this is not the current import, in one of these phases. */
  require(id: string, ...phases: KeptImport['phase'][]): KeptImport {
    const kept = this.#kept;
    if (kept?.id === id && phases.includes(kept.phase)) return kept;
    const now = kept === undefined ? 'there is none' : `the latest is ${quote(kept.id)}, ${kept.phase}`;
    throw new RegistryError(
      'CONFLICT',
      `the import ${quote(id)} is no longer in progress (${now}): another import has begun since, or nothing arrived for too long; send the file again`,
    );
  }
}
