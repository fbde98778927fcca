import { DatabaseSync } from 'node:sqlite';
import { Registry } from '../../../src/core/namespace/core';
import { newCounters } from '../../../src/core/platform/counters';
import type { Platform } from '../../../src/core/platform/platform';
import type { SqlStorage } from '../../../src/core/storage/sql-storage';
import { nodeSqlite } from '../../../src/host/resident/storage/node-sqlite';
import { SessionOpened } from '../../../src/model/frames';
import { InstanceDefinition } from '../../../src/model/instance';
import type { Caller } from '../../../src/model/namespace-api';
import { headRevision, readJournal } from '../journal-rows';
import { SeededRandom } from '../seeded-random';
import { CoreSockets } from './core-sockets';
import type { LeaseTerms, Subject, SubjectHost } from './subject';

const SERVICE = { group: 'DEFAULT_GROUP', service: 'trial' };
const CALLER: Caller = { tokenId: 'owner' };
const SEED = 1;

/** One life of the registry in memory: from a wake until it hibernates or the process dies. */
interface Life {
  alive: boolean;
  registry: Registry | undefined;
}

/** Drives the real registry over a database in memory, which outlives every crash: only unsaved renewals are lost. */
export class CoreSubject implements Subject {
  readonly noticesCrashesByAlarm = true;
  readonly #host: SubjectHost;
  readonly #database = new DatabaseSync(':memory:');
  readonly #disk = nodeSqlite(this.#database);
  readonly #random = new SeededRandom(SEED);
  readonly #sockets: CoreSockets;
  /** Clients' knowledge of their sessions, by lease. */
  readonly #tickets = new Map<string, string>();
  /** Names of leases by the id of their instance, and the other way. */
  readonly #names = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  #life: Life = { alive: true, registry: undefined };
  #reportedRevision = 0;
  #failure: string | undefined;
  /** Time for which the alarm was armed whose handler runs: the platform delivers it again if the process dies meanwhile. */
  #alarmUnderWay: number | undefined;

  constructor(host: SubjectHost) {
    this.#host = host;
    this.#sockets = new CoreSockets((name) => {
      const ping = host.lastPing(name);
      return host.kind === 'resident' ? ping?.monotonic : ping?.wall;
    });
  }

  start(): void {
    this.#awake();
  }

  register(terms: LeaseTerms): Promise<void> {
    return this.#call((registry) =>
      terms.kind === 'session' ? this.#openSession(registry, terms) : this.#registerBeat(registry, terms),
    );
  }

  renew(name: string): Promise<boolean> {
    return this.#call(async (registry) => {
      const { body } = await registry.renewMany(CALLER, [this.#keyOf(name)]);
      return JSON.parse(body).renewed === 1;
    });
  }

  resume(name: string): Promise<boolean> {
    return this.#call(async (registry) => {
      const session = this.#tickets.get(name);
      if (session === undefined) return false;
      const answer = await this.#sockets.ask(registry, this.#sockets.open(name), { type: 'session', session });
      const opened = SessionOpened.parse(answer);
      this.#tickets.set(name, opened.session);
      return opened.resumed;
    });
  }

  read(): Promise<string[]> {
    return this.#call(async (registry) => {
      const { body } = await registry.listInstances({ ...SERVICE, filter: { available: true } });
      const { instances }: { instances: { id: string }[] } = JSON.parse(body ?? '');
      return instances.map(({ id }) => this.#names.get(id) ?? id);
    });
  }

  tick(): void {
    void this.#call((registry) => registry.tick());
  }

  alarm(scheduledFor: number): Promise<void> {
    this.#alarmUnderWay = scheduledFor;
    return this.#call(async (registry) => {
      await registry.alarm(scheduledFor);
      this.#alarmUnderWay = undefined;
    });
  }

  hibernate(): void {
    this.#endLife();
    this.#sockets.slept();
  }

  crash(): void {
    this.#endLife();
    this.#sockets.died();
    if (this.#alarmUnderWay === undefined || this.#host.armedFor() !== null) return;
    this.#host.arm(this.#alarmUnderWay);
    this.#alarmUnderWay = undefined;
  }

  close(): void {
    this.#endLife();
    this.#database.close();
    if (this.#failure !== undefined) throw new Error(`the registry failed: ${this.#failure}`);
  }

  async #registerBeat(registry: Registry, { id, ttlMs, removeAfterMs }: LeaseTerms): Promise<void> {
    const lease = { ttlMs, removeAfterMs };
    const definition = InstanceDefinition.parse({ address: '10.0.0.1', port: 80, lease });
    await registry.register(CALLER, { key: this.#keyOf(id), definition, precondition: {} });
  }

  /** Opens a session and registers one instance over it. */
  async #openSession(registry: Registry, { id, ttlMs }: LeaseTerms): Promise<void> {
    const socket = this.#sockets.open(id);
    const opened = SessionOpened.parse(await this.#sockets.ask(registry, socket, { type: 'session', ttlMs }));
    const operation = { op: 'register', ...this.#keyOf(id), address: '10.0.0.1', port: 80 };
    await this.#sockets.ask(registry, socket, { type: 'batch', operations: [operation] });
    this.#tickets.set(id, opened.session);
  }

  /** Calls the registry, woken if need be. Never resolves if the process dies before the answer. */
  #call<T>(work: (registry: Registry) => Promise<T>): Promise<T> {
    const registry = this.#awake();
    const life = this.#life;
    return new Promise((resolve) => {
      work(registry).then(
        (answer) => {
          if (life.alive) resolve(answer);
        },
        (error: unknown) => this.#failed(life, String(error)),
      );
    });
  }

  #awake(): Registry {
    this.#life.registry ??= Registry.wake(this.#platform(this.#life));
    return this.#life.registry;
  }

  #endLife(): void {
    this.#life.alive = false;
    this.#life = { alive: true, registry: undefined };
  }

  #keyOf(name: string): typeof SERVICE & { id: string } {
    const id = this.#ids.get(name) ?? `i${this.#ids.size + 1}`;
    this.#ids.set(name, id);
    this.#names.set(id, name);
    return { ...SERVICE, id };
  }

  #platform(life: Life): Platform {
    const host = this.#host;
    return {
      storage: this.#storage(life),
      clock: { now: () => host.wall() },
      monotonic: host.kind === 'resident' ? { now: () => host.monotonic() } : undefined,
      random: this.#random,
      alarm: {
        armedFor: () => host.armedFor(),
        arm: (at) => {
          if (life.alive) host.arm(at);
        },
      },
      claimsOf: () => [],
      nextTurn: () => new Promise((resolve) => host.after(0, resolve)),
      connections: this.#sockets,
      digest: async (secret) => `digest of ${secret}`,
      counters: newCounters(host.wall()),
      erase: () => Promise.reject(new Error('no namespace of the trial is erased')),
      endedTokens: async () => [],
      audit: { begin: async () => 0, end: () => {} },
      abort: (reason) => this.#failed(life, reason),
      log: (level, message, facts) => {
        if (level === 'error') this.#failed(life, `${message} ${JSON.stringify(facts)}`);
      },
    };
  }

  /** Records a violation until {@link close}: the registry catches most errors that are thrown into it. */
  #failed(life: Life, what: string): void {
    if (life.alive) this.#failure ??= what;
  }

  /** The disk as one life of the registry sees it: none of its pending writes reach the disk after its end. */
  #storage(life: Life): SqlStorage {
    const disk = this.#disk;
    let writesJournal = false;
    return {
      run: (statement, ...bindings) => {
        writesJournal ||= statement.includes('INTO journal');
        return disk.run(statement, ...bindings);
      },
      read: (query, ...bindings) => disk.read(query, ...bindings),
      transaction: (work) => {
        if (!life.alive) throw new Error('the process has died');
        disk.transaction(work);
        if (writesJournal) this.#reportEnded();
        writesJournal = false;
      },
      sync: () => disk.sync(),
    };
  }

  /** Reports the leases that have ended in the journal since it was last read. */
  #reportEnded(): void {
    const revision = headRevision(this.#disk);
    const entries = readJournal(this.#disk, this.#reportedRevision, revision);
    this.#reportedRevision = revision;
    for (const { cause, id } of entries.flatMap(({ changes }) => changes)) {
      const name = this.#names.get(id);
      if (name === undefined) continue;
      if (cause === 'expired') this.#host.ended(name, 'removed');
      if (cause === 'unhealthy') this.#host.ended(name, 'unhealthy');
    }
  }
}
