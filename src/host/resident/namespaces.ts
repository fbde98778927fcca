import type { Platform } from '../../core/platform/platform';
import type { DirectoryApi } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import {
  ALARM_RETRY_MS,
  NAMESPACE_SLEEP_AFTER_MS,
  NAMESPACE_SLEEP_MIN_MS,
  NAMESPACES_AWAKE_MAX_COUNT,
  NAMESPACES_LOOK_INTERVAL_MS,
  NAMESPACES_OPENED_AT_ONCE_MAX_COUNT,
} from '../../model/limits';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import type { DataFiles } from './data-files';
import { ProcessAttention } from './process-attention';
import type { ProcessPlatform } from './process-platform';
import { type NamespaceHost, ResidentNamespace } from './resident-namespace';
import { Sleepers } from './sleepers';
import type { DatabaseFile } from './storage/database-file';

/** Parts of {@link Namespaces}. */
export interface NamespacesParts {
  platform: ProcessPlatform;
  files: DataFiles;
  openFile(path: string): Promise<DatabaseFile>;
  /** Returns the directory, which exists before any namespace is called. */
  directory(): DirectoryApi;
  claimsOf: Platform['claimsOf'];
  layouts?: Platform['layouts'];
  /** Default {@link NAMESPACE_SLEEP_AFTER_MS}. */
  sleepAfterMs?: number | undefined;
  /** Number of idle namespaces that may stay in memory. Default: {@link NAMESPACES_AWAKE_MAX_COUNT}. */
  awakeMaxCount?: number | undefined;
}

/** The namespaces of a process. Opens those that are called or due, ticks those that are awake, and closes idle ones. */
export class Namespaces {
  readonly #parts: NamespacesParts;
  readonly #host: NamespaceHost;
  readonly #sleepers: Sleepers;
  readonly #sleepersFile: DatabaseFile;
  readonly #known = new Map<string, ResidentNamespace>();
  readonly #awake = new Set<ResidentNamespace>();
  /** Ids of namespaces to open. */
  readonly #due = new Set<string>();
  /** Number of {@link #openSome} loops that run. */
  #openers = 0;
  readonly #attention: ProcessAttention;
  #lookedAt = 0;

  private constructor(parts: NamespacesParts, sleepersFile: DatabaseFile) {
    this.#parts = parts;
    this.#sleepersFile = sleepersFile;
    this.#sleepers = new Sleepers(sleepersFile.storage, () => sleepersFile.writeFault === undefined);
    this.#attention = new ProcessAttention(parts.platform);
    this.#host = {
      platform: parts.platform,
      sharedParts: (id) => this.#sharedParts(id),
      passed: () => {
        // After a freeze, a call may come before the first tick.
        this.#notePass();
        return this.#attention;
      },
      isStored: (id) => parts.files.hasNamespace(id),
      open: (id) => parts.openFile(parts.files.namespace(id)),
      awoken: async (namespace) => {
        await this.#sleepers.remove(namespace.id);
        this.#awake.add(namespace);
      },
      asleep: async (namespace, dueAt) => {
        this.#awake.delete(namespace);
        this.#sleepers.add(namespace.id, dueAt);
      },
      erased: async (namespace) => {
        this.#awake.delete(namespace);
        this.#known.delete(namespace.id);
        await this.#sleepers.remove(namespace.id);
      },
    };
  }

  /** Reads which namespaces sleep. The others are opened by {@link wakeAll} or by a call. */
  static async open(parts: NamespacesParts): Promise<Namespaces> {
    return new Namespaces(parts, await parts.openFile(parts.files.sleepers));
  }

  /** Returns the namespace of an id, whether it exists or not. */
  of(id: string): ResidentNamespace {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const namespace = new ResidentNamespace(id, this.#host);
    this.#known.set(id, namespace);
    return namespace;
  }

  /** Returns the namespace of an id if it is known to exist; undefined if the directory has to be asked. */
  known(id: string): ResidentNamespace | undefined {
    return id === DEFAULT_NAMESPACE ? this.of(id) : this.#known.get(id);
  }

  /** Opens the namespaces that were awake when the last process ended, because their leases may be due. */
  async wakeAll(): Promise<void> {
    for (const id of this.#parts.files.namespaces()) if (!this.#sleepers.has(id)) this.#due.add(id);
    await Promise.all(this.#openDue());
  }

  /**
   * Ticks the namespaces that are awake, and opens those that are due. The host calls it every `ATTENTION_PASS_MS`.
   *
   * @returns Resolves when that is done. The host need not wait for it.
   */
  async tick(): Promise<void> {
    const { clock, monotonic } = this.#parts.platform;
    this.#notePass();
    const working: Promise<void>[] = [];
    // Before the ticks: a namespace with an unfinished tick stays awake.
    if (monotonic.now() - this.#lookedAt >= NAMESPACES_LOOK_INTERVAL_MS) {
      this.#lookedAt = monotonic.now();
      this.#sleepers.catchUp();
      working.push(...this.#look());
    }
    for (const namespace of this.#awake) working.push(this.#do(namespace, 'a tick failed', () => namespace.tick()));
    for (const id of this.#sleepers.dueBy(clock.now())) {
      this.#sleepers.postpone(id, null);
      this.#due.add(id);
    }
    await Promise.all([...working, ...this.#openDue()]);
  }

  /** Stores and closes all namespaces. */
  async close(): Promise<void> {
    await Promise.all([...this.#awake].map((namespace) => this.#sleep(namespace)));
    await this.#sleepersFile.close();
  }

  #sharedParts(id: string): ReturnType<NamespaceHost['sharedParts']> {
    const { directory, claimsOf, layouts } = this.#parts;
    return {
      claimsOf,
      layouts,
      endedTokens: (tokenIds) => directory().endedTokens(tokenIds),
      audit: {
        begin: (note) => directory().beginAudit({ ...note, ns: id }),
        end: (noteId, outcome) =>
          void directory()
            .endAudit(noteId, outcome)
            .catch(() => {}),
      },
    };
  }

  /** Records that the process takes in messages, and moves alarms with a jump of the wall clock. */
  #notePass(): void {
    const jumpMs = this.#attention.pass();
    if (jumpMs === 0) return;
    this.#sleepers.moveWithClock(jumpMs);
    for (const namespace of this.#awake) namespace.moveWithClock(jumpMs);
  }

  /** Number of open namespaces above what the descriptors allow; each holds five. Not positive if there is room. */
  get #excess(): number {
    const { awakeMaxCount = Number.POSITIVE_INFINITY } = this.#parts;
    return this.#awake.size - Math.min(awakeMaxCount, NAMESPACES_AWAKE_MAX_COUNT);
  }

  #maySleep(namespace: ResidentNamespace): boolean {
    if (!namespace.canRest || namespace.isBusy) return false;
    const { dueAt } = namespace;
    return dueAt === null || dueAt >= this.#parts.platform.clock.now() + NAMESPACE_SLEEP_MIN_MS;
  }

  /**
   * Checks the files of open namespaces, and closes idle ones: after a minute, and those above the limit after a second, the
   * longest idle ones first. Closing all idle ones at the limit would make each call of a busy registry open a namespace again.
   */
  #look(): Promise<void>[] {
    const { sleepAfterMs = NAMESPACE_SLEEP_AFTER_MS } = this.#parts;
    const idle: { namespace: ResidentNamespace; idleMs: number }[] = [];
    for (const namespace of this.#awake) {
      namespace.check();
      const idleMs = namespace.idleMs();
      if (idleMs >= Math.min(sleepAfterMs, NAMESPACES_LOOK_INTERVAL_MS) && this.#maySleep(namespace)) {
        idle.push({ namespace, idleMs });
      }
    }
    idle.sort((one, other) => other.idleMs - one.idleMs);
    const excess = this.#excess;
    const falling = idle.filter(({ idleMs }, index) => index < excess || idleMs >= sleepAfterMs);
    return falling.map(({ namespace }) => this.#sleep(namespace));
  }

  async #attend(namespace: ResidentNamespace): Promise<void> {
    try {
      await namespace.attend();
    } catch (error) {
      // Damage and absence are permanent; other problems, such as a lack of room or of descriptors, may pass.
      const isForGood = error instanceof RegistryError && error.code !== 'UNAVAILABLE';
      this.#sleepers.postpone(namespace.id, isForGood ? null : this.#parts.platform.clock.now() + ALARM_RETRY_MS);
      this.#failed(namespace, 'a namespace could not be opened', error);
    }
  }

  /**
   * Opens the namespaces that are due, a few at a time: after a long downtime, all of them may be. If many are open already, it
   * opens only these few, and the next tick continues.
   */
  #openDue(): Promise<void>[] {
    const working: Promise<void>[] = [];
    for (; this.#openers < NAMESPACES_OPENED_AT_ONCE_MAX_COUNT && this.#due.size > 0; this.#openers += 1) {
      working.push(this.#openSome());
    }
    return working;
  }

  async #openSome(): Promise<void> {
    for (const id of this.#due) {
      this.#due.delete(id);
      const namespace = this.of(id);
      await this.#attend(namespace);
      if (this.#excess <= 0) continue;
      if (!this.#maySleep(namespace)) break;
      await this.#sleep(namespace);
    }
    this.#openers -= 1;
  }

  #sleep(namespace: ResidentNamespace): Promise<void> {
    return this.#do(namespace, 'a namespace could not be closed', () => namespace.sleep());
  }

  async #do(namespace: ResidentNamespace, failure: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failed(namespace, failure, error);
    }
  }

  #failed({ id }: ResidentNamespace, message: string, error: unknown): void {
    this.#parts.platform.log('error', message, { namespace: id, error: String(error) });
  }
}
