import { quote, RegistryError } from '../../../model/errors';
import type { ImportMode } from '../../../model/transfer';
import { readProperty, writeProperty } from '../../storage/schema';
import type { SqlStorage } from '../../storage/sql-storage';
import type { RecordKey } from '../records/records';
import type { Agenda } from '../time/agenda';
import type { TurnState } from '../turn/turn-state';
import { EMPTY_TALLY, type StagedRecord, StagedRecords, type StagedTally } from './staged-records';

const PROPERTY = 'import';

/** The import that was begun last, as it is kept. */
export interface KeptImport {
  id: string;
  /** Id of the token: actor of all that it changes. */
  actor: string;
  /**
   * `staging`: nothing of it is in effect. `applying`: it is on its way, whatever comes. `over`: all is done.
   * `dropped`: it was forgotten before it was applied.
   */
  phase: 'staging' | 'applying' | 'over' | 'dropped';
  mode?: ImportMode;
}

/** What a plan has found out, for the limits of the namespace. */
export interface PlanFacts {
  mode: ImportMode;
  addedInstances: number;
  addedSize: number;
  /** The service that is being counted: instances that it will have. */
  inService: { name: string; count: number };
  /** True once all of the file has been looked at. */
  isWhole: boolean;
}

/** How far the changes have come; of no use after a wake, as all can be done again. */
export interface ApplyPlace {
  /** The record of the file that was put last. */
  put: RecordKey | undefined;
  isAllPut: boolean;
  /** Records that are there, for what is not in the file. */
  present: Iterator<RecordKey> | undefined;
  isAllRemoved: boolean;
  done: number;
  of: number;
}

/** The parts of a namespace that an import passes through. */
export interface ImportState extends TurnState {
  readonly imports: Imports;
}

/** The one import that a namespace may have under way: its records, put aside in a table, and how far it is. */
export class Imports {
  readonly staged: StagedRecords;
  readonly #storage: SqlStorage;
  #kept: KeptImport | undefined;
  tally: StagedTally = EMPTY_TALLY;
  plan: PlanFacts | undefined;
  place: ApplyPlace | undefined;
  /** When it goes on by itself, or is forgotten; on the namespace's axis. */
  dueAt = 0;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
    this.staged = new StagedRecords(storage);
    const text = readProperty(storage, PROPERTY);
    this.#kept = text === undefined ? undefined : (JSON.parse(text) as KeptImport); // `as`: only keep writes it
    if (this.isUnderWay) this.tally = this.staged.tally();
  }

  get current(): KeptImport | undefined {
    return this.#kept;
  }

  /** True while records are put aside. */
  get isUnderWay(): boolean {
    return this.#kept?.phase === 'staging' || this.#kept?.phase === 'applying';
  }

  get isApplying(): boolean {
    return this.#kept?.phase === 'applying';
  }

  get isReplacing(): boolean {
    return this.isApplying && this.#kept?.mode === 'replace';
  }

  /** Changes its state at once, and returns what stores that within a commit. */
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

  /** Makes the alarm look after it at a time, on the namespace's axis: to go on with it, or to forget it. */
  schedule(agenda: Agenda, at: number): void {
    this.dueAt = at;
    agenda.set({ kind: 'import' }, at);
  }

  /** Counts records as put aside, and returns what writes them. */
  add(records: readonly StagedRecord[], tally: StagedTally): () => void {
    this.tally = tally;
    return () => this.staged.add(records);
  }

  /** @throws {RegistryError} `CONFLICT` where this is not the import under way, in this phase. */
  require(id: string, ...phases: KeptImport['phase'][]): KeptImport {
    const kept = this.#kept;
    if (kept?.id === id && phases.includes(kept.phase)) return kept;
    const now = kept === undefined ? 'there is none' : `the last one is ${quote(kept.id)}, ${kept.phase}`;
    throw new RegistryError(
      'CONFLICT',
      `the import ${quote(id)} is not under way any more, ${now}: another import has begun since, or nothing came for too long; send the file again`,
    );
  }
}
