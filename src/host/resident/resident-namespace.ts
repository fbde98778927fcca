import type { Registry } from '../../core/namespace/core';
import { Namespace } from '../../core/namespace/lifecycle';
import { missingNamespace } from '../../core/namespace/records/catalog';
import { type Counters, newCounters } from '../../core/platform/counters';
import type { Platform } from '../../core/platform/platform';
import type { NamespaceControl, NamespaceSize } from '../../model/directory-api';
import { ALARM_RETRY_MS } from '../../model/limits';
import type { NamespaceSettings } from '../../model/namespace';
import type { NamespaceApi } from '../../model/namespace-api';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { callsThrough, type PendingCall } from './calls-through';
import { LocalSockets } from './local-sockets';
import { MemoryAlarm } from './memory-alarm';
import { PROCESS_START, type ProcessAttention } from './process-attention';
import type { ProcessPlatform } from './process-platform';
import type { DatabaseFile } from './storage/database-file';

/** WebSocket close code "Service Restart". Source: RFC 6455, section 7.4.1, and IANA's registry of close codes. */
const SERVICE_RESTART = 1012;

/** The parts of the process that its namespaces share. */
export interface NamespaceHost {
  platform: ProcessPlatform;
  /** Returns the parts of a namespace's platform that reach the directory and the dialects. */
  sharedParts: (id: string) => Pick<Platform, 'audit' | 'endedTokens' | 'claimsOf' | 'layouts'>;
  /** Records that the process takes in messages, and returns its attention. */
  passed(): ProcessAttention;
  /** Returns whether the namespace has a file. */
  isStored(id: string): boolean;
  /** Opens the namespace's file; creates it if it is missing. */
  open(id: string): Promise<DatabaseFile>;
  /** Called after a namespace was opened, before it answers its first call. */
  awoken(namespace: ResidentNamespace): Promise<void>;
  /** Called after a namespace was closed. `dueAt` is the time of its alarm; null if only a call opens it again. */
  asleep(namespace: ResidentNamespace, dueAt: number | null): Promise<void>;
  /** Called after a namespace was erased. */
  erased(namespace: ResidentNamespace): Promise<void>;
}

/** The parts of a namespace that is awake. */
interface Awake {
  file: DatabaseFile;
  namespace: Namespace;
  alarm: MemoryAlarm;
}

/**
 * A namespace of this process, asleep or awake. It gives the core a file, sockets and an alarm, and adds no rule of its own.
 *
 * A sleeping namespace is only a file. A call, a new socket or its alarm opens it.
 */
export class ResidentNamespace implements NamespaceControl {
  readonly id: string;
  readonly calls: NamespaceApi;
  readonly sockets: LocalSockets;
  readonly #host: NamespaceHost;
  /** Kept for as long as the process runs, across sleep. */
  readonly #counters: Counters;
  #awake: Awake | undefined;
  /** An opening or closing under way; calls wait for it. */
  #changing: Promise<unknown> | undefined;
  /** Number of calls that are not answered yet. */
  #callsUnderWay = 0;
  /** Number of ticks that have not finished what is due. */
  #ticksUnderWay = 0;
  /** True if a call was answered since the last {@link idleMs}. */
  #isUsed = false;
  #usedAt: number;
  /** True once it is erased. The host makes another object for the same id. */
  #isErased = false;
  /** Mark of the time at which it was last stored as a whole, or lost its memory to a failed write. */
  #leftAt = PROCESS_START;

  constructor(id: string, host: NamespaceHost) {
    this.id = id;
    this.#host = host;
    this.#counters = newCounters(host.platform.clock.now());
    this.#usedAt = host.platform.monotonic.now();
    this.sockets = new LocalSockets({ platform: host.platform, registry: () => this.registry() });
    this.calls = callsThrough((call) => this.#call(call));
  }

  /** False while the file can't be written: sleeping would lose the state that is only in memory. */
  get canRest(): boolean {
    return this.#awake?.file.writeFault === undefined;
  }

  /** Time of its alarm, in milliseconds since the epoch; null if none is armed. */
  get dueAt(): number | null {
    return this.#awake?.alarm.armedFor() ?? null;
  }

  /** True while a call is unanswered, a tick is unfinished, or a socket is open. */
  get isBusy(): boolean {
    return this.#callsUnderWay > 0 || this.#ticksUnderWay > 0 || this.sockets.size > 0;
  }

  /**
   * Returns how long the namespace has been idle, in milliseconds; 0 while it {@link isBusy}. Idle time counts from the first
   * check that finds it idle, which the host makes every second.
   */
  idleMs(): number {
    const now = this.#host.platform.monotonic.now();
    if (this.#isUsed || this.isBusy) this.#usedAt = now;
    this.#isUsed = false;
    return now - this.#usedAt;
  }

  /** Returns the registry; opens the namespace if it sleeps. @throws {RegistryError} `NAMESPACE_NOT_FOUND`, `NOT_CONFIGURED`. */
  async registry(): Promise<Registry> {
    const { namespace } = this.#awake ?? (await this.#opened(false));
    return namespace.registry;
  }

  /** Runs the alarm if it is due. The host calls it every `ATTENTION_PASS_MS` while the namespace is awake. */
  async tick(): Promise<void> {
    const { namespace, alarm } = this.#awake ?? {};
    namespace?.beginAgain();
    if (namespace === undefined || alarm === undefined || !namespace.exists) return;
    const dueAt = alarm.fired(this.#host.platform.clock.now());
    await this.#underWay(dueAt === undefined ? namespace.registry.tick() : namespace.registry.alarm(dueAt));
  }

  /** Moves the alarm with a jump of the wall clock. */
  moveWithClock(jumpMs: number): void {
    this.#awake?.alarm.moveWithClock(jumpMs);
  }

  /** Checks the file; see `DatabaseFile.check`. */
  check(): void {
    this.#awake?.file.check();
  }

  /** Opens the namespace if it sleeps, and runs what is due. */
  async attend(): Promise<void> {
    const { namespace } = this.#awake ?? (await this.#opened(false));
    if (namespace.exists) await this.#underWay(namespace.registry.alarm(this.#host.platform.clock.now()));
  }

  /** Counts work that must finish before the namespace may sleep. */
  async #underWay(work: Promise<void>): Promise<void> {
    this.#ticksUnderWay += 1;
    try {
      await work;
    } finally {
      this.#ticksUnderWay -= 1;
    }
  }

  /** Stores everything and closes the file. State that can't be stored is lost, as in a crash. */
  async sleep(): Promise<void> {
    // If no change is under way, this runs in the same turn as the host's idle check, so no call can come in between.
    while (this.#changing !== undefined) await this.#changing.catch(() => {});
    const awake = this.#awake;
    if (awake === undefined) return;
    await this.#change(async () => {
      this.#awake = undefined;
      let dueAt: number | null = this.#retryAt;
      // Mark it before storing: a freeze from here on counts as a gap during the sleep.
      this.#leftAt = this.#host.passed().mark(awake.namespace.exists);
      try {
        await awake.namespace.rest();
        dueAt = awake.alarm.armedFor();
      } catch (error) {
        this.#leftAt = { ...this.#leftAt, isClean: false };
        throw error;
      } finally {
        await this.#leave(awake.file, dueAt);
      }
    });
  }

  /** Closes the file. Even if that fails, the host opens the namespace again when it is due. */
  async #leave(file: DatabaseFile, dueAt: number | null): Promise<void> {
    try {
      await file.close();
    } finally {
      await this.#host.asleep(this, dueAt);
    }
  }

  configure(settings: NamespaceSettings): Promise<void> {
    return this.#control(true, (namespace) => namespace.configure(settings));
  }

  size(): Promise<NamespaceSize> {
    return this.#host.isStored(this.id)
      ? this.#control(false, (namespace) => namespace.size())
      : Promise.resolve({ instances: 0, services: 0, entries: 0 });
  }

  async erase(options: { onlyIfEmpty: boolean }): Promise<boolean> {
    if (this.#awake === undefined && this.#changing === undefined && !this.#host.isStored(this.id)) return true;
    const isErased = await this.#control(false, (namespace) => namespace.erase(options));
    if (isErased) {
      // The core has already erased the file.
      this.#awake = undefined;
      this.#isErased = true;
      this.sockets.closeAll(SERVICE_RESTART, 'the namespace has been deleted');
      await this.#host.erased(this);
    }
    return isErased;
  }

  closeSocketsOf(tokenIds: readonly string[]): Promise<void> {
    if (this.sockets.size === 0) return Promise.resolve();
    return this.#control(false, (namespace) => namespace.closeSocketsOf(tokenIds));
  }

  async #control<T>(isCreating: boolean, work: (namespace: Namespace) => Promise<T>): Promise<T> {
    const working = async () => work((this.#awake ?? (await this.#opened(isCreating))).namespace);
    return this.#counted(working());
  }

  #call(call: PendingCall<NamespaceApi>): Promise<unknown> {
    const namespace = this.#awake?.namespace;
    // Without a promise in between if the namespace is awake: on the heartbeat path each allocation counts.
    if (namespace?.exists) return this.#counted(call(namespace.registry));
    return this.#counted(this.#opened(false).then((awake) => call(awake.namespace.registry)));
  }

  #counted<T>(answering: Promise<T>): Promise<T> {
    this.#callsUnderWay += 1;
    answering.then(this.#answered, this.#answered);
    return answering;
  }

  readonly #answered = (): void => {
    this.#callsUnderWay -= 1;
    this.#isUsed = true;
  };

  /** @param isCreating True to create the file if it is missing. */
  async #opened(isCreating: boolean): Promise<Awake> {
    while (this.#changing !== undefined) await this.#changing.catch(() => {});
    if (this.#awake !== undefined) return this.#awake;
    // The file at this path may belong to the object that replaced this one.
    if (this.#isErased) throw missingNamespace();
    if (!isCreating && this.id !== DEFAULT_NAMESPACE && !this.#host.isStored(this.id)) throw missingNamespace();
    return this.#change(async () => {
      const file = await this.#host.open(this.id);
      try {
        await this.#host.awoken(this);
        this.#awake = this.#awaken(file, new MemoryAlarm());
      } catch (error) {
        await this.#leave(file, this.#retryAt);
        throw error;
      }
      this.#usedAt = this.#host.platform.monotonic.now();
      return this.#awake;
    });
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = work().finally(() => {
      if (this.#changing === done) this.#changing = undefined;
    });
    this.#changing = done;
    return done;
  }

  #awaken(file: DatabaseFile, alarm: MemoryAlarm): Awake {
    const { platform } = this.#host;
    const own: Platform = {
      ...platform,
      ...this.#host.sharedParts(this.id),
      storage: file.storage,
      writeFault: () => file.writeFault,
      heard: () => this.#host.passed().heardSince(this.#leftAt),
      alarm,
      connections: this.sockets,
      counters: this.#counters,
      erase: () => file.remove(),
      abort: () => this.#startOver(),
      log: (level, message, facts) => platform.log(level, message, { namespace: this.id, ...facts }),
    };
    return { file, alarm, namespace: new Namespace(own, this.id === DEFAULT_NAMESPACE) };
  }

  /** Reads the state from the file again: after a failed write the state in memory is ahead of the file. */
  #startOver(): void {
    const awake = this.#awake;
    if (awake === undefined) return;
    this.#leftAt = this.#host.passed().mark(false);
    // In a later turn, after the callers that wait for the failed write have been answered.
    this.#change(async () => {
      await this.#host.platform.nextTurn();
      this.sockets.closeAll(SERVICE_RESTART, 'the namespace starts over from its storage');
      try {
        this.#awake = this.#awaken(awake.file, new MemoryAlarm());
      } catch (error) {
        this.#awake = undefined;
        const facts = { namespace: this.id, error: String(error) };
        this.#host.platform.log('error', 'a namespace could not start over', facts);
        await this.#leave(awake.file, this.#retryAt);
      }
    }).catch((error: unknown) => {
      this.#host.platform.log('error', 'a file could not be closed', { namespace: this.id, error: String(error) });
    });
  }

  get #retryAt(): number {
    return this.#host.platform.clock.now() + ALARM_RETRY_MS;
  }
}
