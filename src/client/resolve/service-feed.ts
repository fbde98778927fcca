import type { Watch, WatchOptions } from '../watch/watch';
import type { ChangesFrame, SnapshotFrame, WatchFrame } from '../wire/frames';
import type { Instance } from '../wire/instance';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';

/** Storage that keeps the last list over restarts, so that the process can start while the registry is unreachable. */
export interface SnapshotStore {
  /** Returns the last saved text; undefined if there is none. An error counts as none. */
  load(): string | undefined | Promise<string | undefined>;
  /** Saves a text, replacing the previous one. Called at most once a second; errors are ignored. */
  save(text: string): void | Promise<void>;
}

/** A saved list. */
export interface StoredSnapshot {
  service: string;
  protectThreshold: number;
  instances: Instance[];
  /** Last time when it was certainly current, in milliseconds since the epoch. */
  at: number;
}

/** Version of the format; snapshots of other versions are ignored. */
const VERSION = 1;

/** Returns a snapshot as text, for {@link readSnapshot}. */
export function writeSnapshot(snapshot: StoredSnapshot): string {
  return JSON.stringify({ rollcall: VERSION, ...snapshot });
}

/** Reads a snapshot of the same service; undefined if the text is anything else. */
export function readSnapshot(text: string | undefined, service: string): StoredSnapshot | undefined {
  if (text === undefined) return undefined;
  try {
    // `as`: written by us, as the version confirms
    const read = JSON.parse(text) as Partial<StoredSnapshot & { rollcall: number }> | null;
    if (read?.rollcall !== VERSION || read.service !== service) return undefined;
    return read as StoredSnapshot; // `as`: see above
  } catch {
    return undefined;
  }
}

/** Minimum time between saves of the list. */
const SAVE_SPACING_MS = 1_000;

/** Interval of the timer that keeps the process alive for a caller that waits; it does nothing else. */
const AWAKE_MS = 3_600_000;

/** A reader that derives its own list from the feed's. */
export interface FeedReader {
  /** Called when the feed has changed, to replace the reader's list. */
  update(): void;
  /** Reports whether the reader has no pending calls to instances that have left. */
  isSettled(): boolean;
}

interface FeedParts {
  /** Name with its group: `group@@orders`. */
  service: string;
  /** Starts the watch of the service. */
  watch: (options: WatchOptions) => Watch;
  time: Time;
}

/** State of a service from a watch, shared by all its resolvers. It is acknowledged once all of them have applied it. */
export class ServiceFeed {
  readonly instances: Map<string, Instance> = new Map();
  protectThreshold: number = 0;
  /** Error that ended the watch; undefined while it runs. */
  ended: RollcallError | undefined;
  /** Resolves with the first list, from the registry or from the store. */
  readonly ready: Promise<void>;
  readonly #service: string;
  readonly #time: Time;
  readonly #watch: Watch;
  #cancelAwake: (() => void) | undefined;
  #store: SnapshotStore | undefined;
  readonly #readers = new Set<FeedReader>();
  #settleReady: { resolve: () => void; reject: (error: RollcallError) => void } | undefined;
  #serviceRevision = 0;
  /** Newest cursor that is not acknowledged yet. */
  #cursor: string | undefined;
  /** Time of the stored list; used until the watch has delivered one. */
  #storedAt: number | undefined;
  #isLive = false;
  #savedAt = 0;
  #isDirty = false;

  constructor({ service, watch, time }: FeedParts) {
    this.#service = service;
    this.#time = time;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Prevents an unhandled rejection if no caller waits; the error is also in `error`.
    this.ready.catch(() => {});
    this.#watch = watch({
      onFrame: (frame) => this.#take(frame),
      onEnd: (error) => this.#end(error),
      keepsAlive: false,
    });
  }

  /** Error that ended the watch, or of its last attempt; undefined while it is connected. */
  get error(): RollcallError | undefined {
    return this.ended ?? this.#watch.status.error;
  }

  /** Returns {@link ready}, and keeps the process alive until then, for the caller that waits. */
  untilReady(): Promise<void> {
    if (this.#cancelAwake === undefined && !this.hasList && this.ended === undefined) this.#stayAwake();
    return this.ready;
  }

  #stayAwake(): void {
    this.#cancelAwake = this.#time.after(AWAKE_MS, () => this.#stayAwake(), true);
  }

  /** True if there is a list, however old. */
  get hasList(): boolean {
    return this.#isLive || this.#storedAt !== undefined;
  }

  /** True if the watch is connected and the list is up to date. */
  get isConnected(): boolean {
    return this.#isLive && this.ended === undefined && this.#watch.status.state === 'connected';
  }

  /** Time since the list was certainly current, in milliseconds; infinite if there is none. */
  get age(): number {
    if (this.isConnected) return 0;
    const currentAt = this.#isLive ? this.#watch.status.since : this.#storedAt;
    return currentAt === undefined ? Number.POSITIVE_INFINITY : Math.max(this.#time.wallClock() - currentAt, 0);
  }

  join(reader: FeedReader): void {
    this.#readers.add(reader);
    reader.update();
  }

  leave(reader: FeedReader): void {
    this.#readers.delete(reader);
    this.settle();
  }

  /** Acknowledges the newest frame, unless a reader still has pending calls to instances that have left. */
  settle(): void {
    if (this.#cursor === undefined) return;
    for (const reader of this.#readers) if (!reader.isSettled()) return;
    this.#watch.acknowledge(this.#cursor);
    this.#cursor = undefined;
  }

  /** Keeps the list over restarts; only the first store counts. */
  keepIn(store: SnapshotStore | undefined): void {
    if (store === undefined || this.#store !== undefined) return;
    this.#store = store;
    this.#save(0);
    if (!this.#isLive) void this.#load(store);
  }

  close(): void {
    this.#save(0);
    this.#watch.close();
  }

  #end(error = new RollcallError('UNAVAILABLE', `the resolver of ${this.#service} was closed`)): void {
    this.ended = error;
    this.#cancelAwake?.();
    this.#settleReady?.reject(error);
  }

  #take(frame: WatchFrame): void {
    // The list stays in use until the snapshot that follows a reset.
    if (frame.type === 'reset') return;
    if (frame.type === 'snapshot') this.#replace(frame);
    else if (frame.type === 'changes') this.#apply(frame);
    if (frame.type !== 'bookmark') {
      this.#isLive = true;
      this.#isDirty = true;
      this.#updated();
    }
    // Only now: a listener of the new list may cause a `settle` before all readers have updated theirs.
    this.#cursor = frame.cursor;
    this.settle();
    this.#save(SAVE_SPACING_MS);
  }

  #replace({ services }: SnapshotFrame): void {
    this.instances.clear();
    const service = services[0];
    this.protectThreshold = service?.protectThreshold ?? 0;
    this.#serviceRevision = service?.revision ?? 0;
    for (const instance of service?.instances ?? []) this.instances.set(instance.id, instance);
  }

  /** Applies changes. Parts of a snapshot may be newer than its revision: records as new as the frame are kept. */
  #apply({ revision, changes }: ChangesFrame): void {
    for (const change of changes) {
      const { id, kind, type } = change;
      const known = kind === 'instance' ? (this.instances.get(id)?.revision ?? 0) : this.#serviceRevision;
      if (known >= revision) continue;
      if (kind === 'service') {
        this.protectThreshold = type === 'put' ? change.after.protectThreshold : 0;
      } else if (type === 'put') this.instances.set(id, change.after);
      else this.instances.delete(id);
    }
  }

  #updated(): void {
    for (const reader of this.#readers) reader.update();
    this.#cancelAwake?.();
    this.#settleReady?.resolve();
  }

  async #load(store: SnapshotStore): Promise<void> {
    try {
      const stored = readSnapshot(await store.load(), this.#service);
      if (stored === undefined || this.#isLive) return;
      for (const instance of stored.instances) this.instances.set(instance.id, instance);
      this.protectThreshold = stored.protectThreshold;
      this.#storedAt = stored.at;
      this.#updated();
    } catch {
      // The store only helps at the start: without it, the list comes from the registry.
    }
  }

  /** Saves the list. It has no timer: the end of a burst of changes is saved with the next frame, or on close. */
  #save(spacingMs: number): void {
    const store = this.#store;
    const now = this.#time.wallClock();
    if (store === undefined || !this.#isDirty || now - this.#savedAt < spacingMs) return;
    this.#isDirty = false;
    this.#savedAt = now;
    const { protectThreshold } = this;
    const instances = [...this.instances.values()];
    const text = writeSnapshot({ service: this.#service, protectThreshold, instances, at: now - this.age });
    void (async () => store.save(text))().catch(() => {});
  }
}
