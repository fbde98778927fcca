import type { Watch, WatchOptions } from '../watch/watch';
import type { ChangesFrame, SnapshotFrame, WatchFrame } from '../wire/frames';
import type { Instance } from '../wire/instance';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';

/** Where the last list survives the process, so that the next one starts with it while the registry can't be reached. */
export interface SnapshotStore {
  /** What `save` was given last; undefined where there is nothing. What it throws counts as nothing. */
  load(): string | undefined | Promise<string | undefined>;
  /** Keeps a text in place of the one before. Called at most once a second; what it throws is dropped. */
  save(text: string): void | Promise<void>;
}

/** A list as it was. */
export interface StoredSnapshot {
  service: string;
  protectThreshold: number;
  instances: Instance[];
  /** When it was known to be right, in milliseconds since the epoch. */
  at: number;
}

/** Counts up when what is written changes; what another version wrote is not read. */
const VERSION = 1;

/** A snapshot as text; {@link readSnapshot} reads it. */
export function writeSnapshot(snapshot: StoredSnapshot): string {
  return JSON.stringify({ rollcall: VERSION, ...snapshot });
}

/** Reads what was written for the same service; undefined where it is anything else. */
export function readSnapshot(text: string | undefined, service: string): StoredSnapshot | undefined {
  if (text === undefined) return undefined;
  try {
    // `as`: it is our own writing, told by its version, in a place that the caller chose
    const read = JSON.parse(text) as Partial<StoredSnapshot & { rollcall: number }> | null;
    if (read?.rollcall !== VERSION || read.service !== service) return undefined;
    return read as StoredSnapshot; // `as`: see above
  } catch {
    return undefined;
  }
}

/** Saves of the list are at least this far apart. */
const SAVE_SPACING_MS = 1_000;

/** Who keeps a list that is made of the feed's. */
export interface FeedReader {
  /** The feed has changed: replace your list. */
  update(): void;
  /** Whether no call of yours is under way to an instance that has left. */
  isSettled(): boolean;
}

interface FeedParts {
  /** With its group: `group@@orders`. */
  service: string;
  /** Begins the watch of it. */
  watch: (options: WatchOptions) => Watch;
  time: Time;
}

/** One service as a watch tells it: shared by all resolvers of the service, and acknowledged once all of them have it. */
export class ServiceFeed {
  readonly instances: Map<string, Instance> = new Map();
  protectThreshold: number = 0;
  /** Why the registry will not tell more; undefined while it does. */
  error: RollcallError | undefined;
  /** Resolves with the first list, of the registry or of the store. */
  readonly ready: Promise<void>;
  readonly #service: string;
  readonly #time: Time;
  readonly #watch: Watch;
  #store: SnapshotStore | undefined;
  readonly #readers = new Set<FeedReader>();
  #settleReady: { resolve: () => void; reject: (error: RollcallError) => void } | undefined;
  #serviceRevision = 0;
  /** Newest cursor that is not acknowledged yet. */
  #cursor: string | undefined;
  /** When the list was last known to be right, where that is not for the watch to say. */
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
    // Whoever waits for it is told; a refusal that nobody waits for is in `error`.
    this.ready.catch(() => {});
    this.#watch = watch({ onFrame: (frame) => this.#take(frame), onEnd: (error) => this.#end(error) });
  }

  /** Whether there is a list to go by, however old. */
  get hasList(): boolean {
    return this.#isLive || this.#storedAt !== undefined;
  }

  /** Whether the registry is heard, and the list is what it says. */
  get isConnected(): boolean {
    return this.#isLive && this.error === undefined && this.#watch.status.state === 'connected';
  }

  /** How long ago the list was last known to be right, in milliseconds; infinite while there is none. */
  get age(): number {
    if (this.isConnected) return 0;
    const rightAt = this.#isLive ? this.#watch.status.since : this.#storedAt;
    return rightAt === undefined ? Number.POSITIVE_INFINITY : Math.max(this.#time.wallClock() - rightAt, 0);
  }

  join(reader: FeedReader): void {
    this.#readers.add(reader);
    reader.update();
  }

  leave(reader: FeedReader): void {
    this.#readers.delete(reader);
    this.settle();
  }

  /** Acknowledges what has come, if nobody still calls somebody who had left by then. */
  settle(): void {
    if (this.#cursor === undefined) return;
    for (const reader of this.#readers) if (!reader.isSettled()) return;
    this.#watch.acknowledge(this.#cursor);
    this.#cursor = undefined;
  }

  /** Keeps the list over restarts, where nobody has asked for that before. */
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
    this.error = error;
    this.#settleReady?.reject(error);
  }

  #take(frame: WatchFrame): void {
    // What there is stays in use until the snapshot that follows a reset.
    if (frame.type === 'reset') return;
    if (frame.type === 'snapshot') this.#replace(frame);
    else if (frame.type === 'changes') this.#apply(frame);
    if (frame.type !== 'bookmark') {
      this.#isLive = true;
      this.#isDirty = true;
      this.#updated();
    }
    // Not before: those who are told of a new list may do anything, and somebody may not have theirs yet.
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

  /** Later parts of a snapshot may be newer than its revision: what is as new as the frame is kept. */
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
      // The store is a help at the start, and no more: without it, the registry tells.
    }
  }

  /** Without a timer: what a burst of changes ends with is saved with the next frame, or at the end. */
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
