import type { SqlStorage } from '../../src/core/storage/sql-storage';

const RECORD_ROW = `INSERT OR REPLACE INTO record
  (kind, group_name, service, id, revision, flags, lease, lease_terms, timed_at, value) VALUES (3, ?, ?, ?, ?, 3, ?, NULL, ?, ?)`;
const JOURNAL_ROW = `INSERT INTO journal
  (revision, part, at, cause, actor, check_bits, size_until, changes) VALUES (?, 0, ?, 'registered', 'root', 123456789, ?, ?)`;

/** A registration: its service and id, and the instance as text. */
export interface BareRegistration {
  group: string;
  service: string;
  id: string;
  body: string;
}

/** The part of a frame that the floor reads. */
export interface BareFrame {
  id: string;
  operations: { service: string; id: string }[];
}

/** Writes the rows of registrations to the registry's tables, with similar lengths. Groups share a flush. */
export class BareRows {
  readonly #storage: SqlStorage;
  #waiting: { write: () => void; done: (revision: number) => void; failed: (reason: unknown) => void }[] = [];
  #syncing = false;
  #revision: number;
  #size = 0;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
    // An object hibernates after 10 idle seconds, and its rows are still there when it wakes.
    const [[newest] = []] = storage.read('SELECT max(revision) FROM journal');
    this.#revision = Number(newest);
  }

  /** Writes the two rows of a registration; resolves with its revision when they are on disk. */
  register(registration: BareRegistration): Promise<number> {
    return this.#write(() => this.#registered(registration));
  }

  /** Writes the rows of a frame of registrations; resolves with the answer's text when they are on disk. */
  async frame({ id, operations }: BareFrame): Promise<string> {
    const revision = await this.#write(() => this.#registeredTogether(operations));
    const results = operations.map((operation) => ({ outcome: 'created', id: operation.id, revision }));
    return JSON.stringify({ type: 'answer', id, body: { revision, results } });
  }

  #write(write: () => void): Promise<number> {
    return new Promise((done, failed) => {
      this.#waiting.push({ write, done, failed });
      if (!this.#syncing) void this.#commit();
    });
  }

  /** Flushes a group while the next one gathers. */
  async #commit(): Promise<void> {
    this.#syncing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const before = this.#revision;
      try {
        this.#storage.transaction(() => {
          for (const { write } of group) write();
        });
        await this.#storage.sync();
        for (const [index, { done }] of group.entries()) done(before + 1 + index);
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.#syncing = false;
  }

  #registered({ group, service, id, body }: BareRegistration): void {
    const revision = ++this.#revision;
    const now = Date.now();
    const value = `{"definition":${body},"owner":"root","createdRevision":${revision},"registeredAt":${now}}`;
    const head = `{"kind":"instance","group":"${group}","service":"${service}","id":"${id}","cause":"registered"`;
    const changes = `[${head},"previous":0,"servicePrevious":${revision - 1},"before":null,"after":${value}}]`;
    this.#storage.run(RECORD_ROW, group, service, id, revision, revision, now, value);
    this.#journaled(revision, now, changes);
  }

  #registeredTogether(operations: BareFrame['operations']): void {
    const revision = ++this.#revision;
    const now = Date.now();
    const changes = operations.map((operation) => {
      const { service, id } = operation;
      const value = `{"definition":${JSON.stringify(operation)},"owner":"root","createdRevision":${revision}}`;
      this.#storage.run(RECORD_ROW, 'DEFAULT_GROUP', service, id, revision, revision, now, value);
      return `{"kind":"instance","group":"DEFAULT_GROUP","before":null,"after":${value}}`;
    });
    this.#journaled(revision, now, `[${changes.join(',')}]`);
  }

  #journaled(revision: number, at: number, changes: string): void {
    this.#size += changes.length;
    this.#storage.run(JOURNAL_ROW, revision, at, this.#size, changes);
  }
}
