import type { Registry } from '../../core/namespace/core';
import { Namespace } from '../../core/namespace/lifecycle';
import { missingNamespace } from '../../core/namespace/records/catalog';
import { type Counters, newCounters } from '../../core/platform/counters';
import type { Platform } from '../../core/platform/platform';
import type { NamespaceControl } from '../../model/directory-api';
import { ALARM_RETRY_MS } from '../../model/limits';
import type { NamespaceSettings } from '../../model/namespace';
import type { NamespaceApi } from '../../model/namespace-api';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { LocalSockets } from './local-sockets';
import { MemoryAlarm } from './memory-alarm';
import { PROCESS_START, type ProcessAttention } from './process-attention';
import type { ProcessPlatform } from './process-platform';
import type { DatabaseFile } from './storage/database-file';

/** WebSocket close code of a service that restarts. Source: RFC 6455, section 7.4.1, and IANA's registry of its codes. */
const SERVICE_RESTART = 1012;

/** A call by its name, as the interface has it. */
type Call = (...asked: unknown[]) => Promise<unknown>;

/** What all namespaces of a process share. */
export interface NamespaceHost {
  platform: ProcessPlatform;
  /** The parts of a namespace's platform that lead out of it. */
  lent: (id: string) => Pick<Platform, 'audit' | 'endedTokens' | 'claimsOf'>;
  /** Notes that the process takes in messages, and returns its attention. */
  passed(): ProcessAttention;
  /** Whether there is a file of it. */
  isStored(id: string): boolean;
  /** Opens its file, made where it is absent. */
  open(id: string): Promise<DatabaseFile>;
  /** Called before a namespace that was opened answers. */
  awoken(namespace: ResidentNamespace): Promise<void>;
  /** Called once a namespace has been closed, with the time at which it has to be opened again; null: never by itself. */
  asleep(namespace: ResidentNamespace, dueAt: number | null): Promise<void>;
  /** Called once it is erased. */
  erased(namespace: ResidentNamespace): Promise<void>;
}

/** A namespace in memory. */
interface Awake {
  file: DatabaseFile;
  namespace: Namespace;
  alarm: MemoryAlarm;
}

/**
 * A namespace of this process, asleep or awake. It lends the core a file, sockets and an alarm, and adds no rule of its own.
 *
 * Asleep it is a file; a call, a socket or its alarm opens that.
 */
export class ResidentNamespace implements NamespaceControl {
  readonly id: string;
  readonly calls: NamespaceApi;
  readonly sockets: LocalSockets;
  readonly #host: NamespaceHost;
  /** Counts for as long as the process lasts, asleep or not. */
  readonly #counters: Counters;
  #awake: Awake | undefined;
  /** Opening or closing: what comes meanwhile waits. */
  #changing: Promise<unknown> | undefined;
  /** Calls that are not answered yet. */
  #callsUnderWay = 0;
  /** Ticks that have not done all that is due. */
  #ticksUnderWay = 0;
  /** Whether a call was answered since the host last asked. */
  #isUsed = false;
  #usedAt: number;
  /** Once it is erased, the host makes another one of its id. */
  #isErased = false;
  /** When it was last stored as a whole, or lost what was in memory to a write that failed. */
  #leftAt = PROCESS_START;

  constructor(id: string, host: NamespaceHost) {
    this.id = id;
    this.#host = host;
    this.#counters = newCounters(host.platform.clock.now());
    this.#usedAt = host.platform.monotonic.now();
    this.sockets = new LocalSockets({ platform: host.platform, registry: () => this.registry() });
    this.calls = callsThrough((method, asked) => this.#call(method, asked));
  }

  /** Whether what is in memory alone could be stored, and so a sleep would lose nothing. */
  get canRest(): boolean {
    return this.#awake?.file.writeFault === undefined;
  }

  /** When its alarm is due, in milliseconds since the epoch; null where none is armed. */
  get dueAt(): number | null {
    return this.#awake?.alarm.armedFor() ?? null;
  }

  /** True while a call is not answered, something due is not done, or a socket is open. */
  get isBusy(): boolean {
    return this.#callsUnderWay > 0 || this.#ticksUnderWay > 0 || this.sockets.size > 0;
  }

  /**
   * Returns for how long nothing has been asked of it, in milliseconds; 0 while something is, or a socket is open. The host asks
   * every second: time counts from when it first finds it idle.
   */
  idleMs(): number {
    const now = this.#host.platform.monotonic.now();
    if (this.#isUsed || this.isBusy) this.#usedAt = now;
    this.#isUsed = false;
    return now - this.#usedAt;
  }

  /** The namespace, awake; opened where it sleeps. @throws {RegistryError} `NAMESPACE_NOT_FOUND`, `NOT_CONFIGURED`. */
  async registry(): Promise<Registry> {
    const { namespace } = this.#awake ?? (await this.#opened(false));
    return namespace.registry;
  }

  /** Does what is due. The host calls it every `ATTENTION_PASS_MS` while it is awake. */
  async tick(): Promise<void> {
    const { namespace, alarm } = this.#awake ?? {};
    namespace?.beginAgain();
    if (namespace === undefined || alarm === undefined || !namespace.isThere) return;
    const dueAt = alarm.fired(this.#host.platform.clock.now());
    await this.#underWay(dueAt === undefined ? namespace.registry.tick() : namespace.registry.alarm(dueAt));
  }

  /** Notes that the wall clock jumped. */
  moveWithClock(jumpMs: number): void {
    this.#awake?.alarm.moveWithClock(jumpMs);
  }

  /** Looks after its file: see `DatabaseFile.check`. */
  check(): void {
    this.#awake?.file.check();
  }

  /** Opens it for what is due. */
  async attend(): Promise<void> {
    const { namespace } = this.#awake ?? (await this.#opened(false));
    if (namespace.isThere) await this.#underWay(namespace.registry.alarm(this.#host.platform.clock.now()));
  }

  /** Keeps it awake until what is due is done: asleep, it would not know of the rest. */
  async #underWay(work: Promise<void>): Promise<void> {
    this.#ticksUnderWay += 1;
    try {
      await work;
    } finally {
      this.#ticksUnderWay -= 1;
    }
  }

  /** Takes it out of memory, with everything stored; what can't be stored is lost as in a crash. */
  async sleep(): Promise<void> {
    // Without a change under way, no call comes between the look of the host, which found it idle, and this.
    while (this.#changing !== undefined) await this.#changing.catch(() => {});
    const awake = this.#awake;
    if (awake === undefined) return;
    await this.#change(async () => {
      this.#awake = undefined;
      let dueAt: number | null = this.#retryAt;
      // Before it is stored: a freeze from here on is one that it was asleep in.
      this.#leftAt = this.#host.passed().mark(awake.namespace.isThere);
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

  /** Closes its file. The host opens it again when it is due, whatever became of that. */
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

  size(): Promise<{ instances: number; services: number }> {
    return this.#host.isStored(this.id)
      ? this.#control(false, (namespace) => namespace.size())
      : Promise.resolve({ instances: 0, services: 0 });
  }

  async erase(options: { onlyIfEmpty: boolean }): Promise<boolean> {
    if (this.#awake === undefined && this.#changing === undefined && !this.#host.isStored(this.id)) return true;
    const isErased = await this.#control(false, (namespace) => namespace.erase(options));
    if (isErased) {
      // The core has erased the file: what is left is to forget it.
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

  async #control<T>(isFounding: boolean, work: (namespace: Namespace) => Promise<T>): Promise<T> {
    const working = async () => work((this.#awake ?? (await this.#opened(isFounding))).namespace);
    return this.#counted(working());
  }

  #call(method: keyof NamespaceApi, asked: unknown[]): Promise<unknown> {
    const namespace = this.#awake?.namespace;
    // Straight to the core where it can be: a beat costs little more than what is made for it here.
    if (namespace?.isThere) return this.#counted(invoke(namespace.registry, method, asked));
    const answering = this.#opened(false).then((awake) => invoke(awake.namespace.registry, method, asked));
    return this.#counted(answering);
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

  /** @param isFounding Whether to make its file where there is none. */
  async #opened(isFounding: boolean): Promise<Awake> {
    while (this.#changing !== undefined) await this.#changing.catch(() => {});
    if (this.#awake !== undefined) return this.#awake;
    // Its successor has a file at the same path.
    if (this.#isErased) throw missingNamespace();
    if (!isFounding && this.id !== DEFAULT_NAMESPACE && !this.#host.isStored(this.id)) throw missingNamespace();
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
    const lent: Platform = {
      ...platform,
      ...this.#host.lent(this.id),
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
    return { file, alarm, namespace: new Namespace(lent, this.id === DEFAULT_NAMESPACE) };
  }

  /** Begins anew from what is stored: what is in memory is ahead of that, as a write has failed. */
  #startOver(): void {
    const awake = this.#awake;
    if (awake === undefined) return;
    this.#leftAt = this.#host.passed().mark(false);
    // In a turn of its own, when those that wait for the write have heard that it failed.
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

/** Calls a method of the core by its name. */
function invoke(registry: Registry, method: keyof NamespaceApi, asked: unknown[]): Promise<unknown> {
  // `as`: every method of the interface takes what it is asked, in order, and answers with a promise.
  return (registry[method] as Call).apply(registry, asked);
}

/** Makes the interface of a namespace out of one function: all its methods are calls. */
function callsThrough(call: (method: keyof NamespaceApi, asked: unknown[]) => Promise<unknown>): NamespaceApi {
  const methods = new Map<PropertyKey, Call>();
  const get = (_target: object, name: PropertyKey): Call => {
    const known = methods.get(name);
    if (known !== undefined) return known;
    const method: Call = (...asked) => call(name as keyof NamespaceApi, asked); // `as`: the interface has nothing but methods
    methods.set(name, method);
    return method;
  };
  return new Proxy({}, { get }) as NamespaceApi; // `as`: a proxy is typed by its target
}
