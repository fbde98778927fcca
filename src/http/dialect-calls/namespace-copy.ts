import { SharedCalls } from '../../auth/shared-calls';
import type { ChangedInstance } from '../../model/dialect-reads';
import { hasCode, RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';
import {
  COPIES_INSTANCES_MAX_COUNT,
  COPIES_MAX_COUNT,
  COPIES_TEXT_MAX_BYTES,
  COPY_FOLLOW_MAX_MS,
  COPY_INSTANCES_MAX_COUNT,
  COPY_SLICES_MAX_COUNT,
} from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';

/** Position of a copy. */
export interface CopyPosition {
  cursor: string;
  revision: number;
  /** Time of the registry, in milliseconds since the epoch. */
  now: number;
}

/** Changes that bring a copy to a later revision. */
export interface CopyChanges extends CopyPosition {
  instances: readonly ChangedInstance[];
}

/** A copy of all instances of a namespace at one revision, in the form in which a dialect shows them. */
export interface NamespaceCopy {
  readonly cursor: string;
  /** Number of instances. */
  readonly size: number;
  /** Approximate length of the text of all instances, in characters. */
  readonly textSize: number;
  /** Applies changes up to a later revision. Ignores older ones, because another request may have applied newer ones. */
  apply(changes: CopyChanges): void;
}

/** Contents of a new copy. */
export interface CopyContents {
  instances: readonly InstanceView[];
  at: CopyPosition;
  /** Time since which all changes are known, in milliseconds since the epoch. Earlier ones were too many to list. */
  knownSince: number;
}

/** A kind of copies. */
export interface CopyKind<Copy> {
  /** Name of the API in errors. */
  api: string;
  create(contents: CopyContents): Copy;
  /** Time before the first load of which the copy gets the changes, too, in milliseconds; absent: none. */
  pastMs?: number;
}

/** A request for the copy of a namespace. */
export interface CopyRequest {
  /** Id of the namespace. */
  id: string;
  calls: NamespaceApi;
  tokenId: string;
  /** Milliseconds since the epoch. */
  now: number;
}

const isCompacted = (error: unknown): boolean => hasCode(error, 'COMPACTED');

/**
 * Copies of namespaces that an isolate caches. Each request queries its namespace once for changes, usually none, so that
 * it sees every change that was acknowledged before it arrived.
 */
export class NamespaceCopies<Copy extends NamespaceCopy> {
  readonly #kind: CopyKind<Copy>;
  readonly #kept = new Map<string, Copy>();
  readonly #loads = new SharedCalls<Copy>({
    now: () => Date.now(),
    followMaxMs: COPY_FOLLOW_MAX_MS,
    maxCount: COPIES_MAX_COUNT,
    sharesFailures: true,
  });

  readonly #catchUps = new CatchUps<Copy>();

  constructor(kind: CopyKind<Copy>) {
    this.#kind = kind;
  }

  /**
   * Returns an up-to-date copy of a namespace.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace is too large to copy.
   */
  async of(request: CopyRequest): Promise<Copy> {
    const kept = this.#kept.get(request.id);
    const copy = (kept && (await this.#catchUps.of(kept, request))) ?? (await this.#load(request, kept));
    if (copy.size > COPY_INSTANCES_MAX_COUNT) this.#kept.delete(request.id);
    this.#assertShown(request.id, copy.size);
    this.#keep(request.id, copy);
    return copy;
  }

  /** @param stale Copy that must no longer be cached. */
  async #load(request: CopyRequest, stale: Copy | undefined): Promise<Copy> {
    if (this.#kept.get(request.id) === stale) this.#kept.delete(request.id);
    const loaded = await this.#loads.call(request.id, () => this.#read(request));
    // It may have been loaded for an earlier request, and its history may be gone by now.
    return (await this.#catchUps.of(loaded, request)) ?? this.#read(request);
  }

  /** Loads a copy of a namespace, with its recent changes. */
  async #read(request: CopyRequest): Promise<Copy> {
    const { calls, tokenId, now } = request;
    const instances: InstanceView[] = [];
    let after: string | undefined;
    let cursor: string;
    do {
      const part = await calls.snapshot({ tokenId, ...(after === undefined ? {} : { after }) });
      const { services, next } = readJsonText(part.body ?? '{"services":[]}');
      instances.push(...services.flatMap((service) => service.instances));
      this.#assertShown(request.id, instances.length);
      cursor = part.cursor;
      after = next;
    } while (after !== undefined);
    const recent = await this.#recent(request);
    const revision = instances.reduce((newest, instance) => Math.max(newest, instance.revision), 0);
    const copy = this.#kind.create({ instances, at: { cursor, revision, now }, knownSince: recent?.since ?? now });
    if (recent?.changes !== undefined) copy.apply(recent.changes);
    return copy;
  }

  async #recent(request: CopyRequest): Promise<{ since: number; changes: CopyChanges } | undefined> {
    const { pastMs } = this.#kind;
    if (pastMs === undefined) return undefined;
    const since = request.now - pastMs;
    try {
      const changes = await changesSince(request, new Date(since).toISOString());
      return changes === undefined ? undefined : { since, changes };
    } catch (error) {
      if (isCompacted(error)) return undefined;
      throw error;
    }
  }

  /** Caches a copy, and evicts the least recently used ones if there is no room. */
  #keep(id: string, copy: Copy): void {
    this.#kept.delete(id);
    this.#kept.set(id, copy);
    let instances = 0;
    let text = 0;
    for (const { size, textSize } of this.#kept.values()) {
      instances += size;
      text += textSize;
    }
    for (const [oldest, { size, textSize }] of this.#kept) {
      const isRoom = instances <= COPIES_INSTANCES_MAX_COUNT && text <= COPIES_TEXT_MAX_BYTES;
      if ((isRoom && this.#kept.size <= COPIES_MAX_COUNT) || oldest === id) break;
      this.#kept.delete(oldest);
      instances -= size;
      text -= textSize;
    }
  }

  /** Refuses a copy that is too large, because running out of memory would end all requests of the isolate. */
  #assertShown(id: string, instances: number): void {
    if (instances <= COPY_INSTANCES_MAX_COUNT) return;
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `namespace "${id}" has more than ${COPY_INSTANCES_MAX_COUNT} instances, the most that the ${this.#kind.api} API shows; split it into several namespaces, or use another API`,
    );
  }
}

/** A catch-up of a copy that has begun, and the one after it. */
interface CatchingUp<Copy> {
  current: Promise<Copy | undefined>;
  /** Has not begun yet. */
  next?: Promise<Copy | undefined> | undefined;
}

/**
 * Shares catch-ups between concurrent requests, as each of them would otherwise read the changes of all others. A request must see
 * what was acknowledged before it arrived, so it can't use a catch-up that has begun: it shares the next one.
 */
class CatchUps<Copy extends NamespaceCopy> {
  /** By copy and token, because calls count towards the rate of a token. */
  readonly #running = new WeakMap<Copy, Map<string, CatchingUp<Copy>>>();

  /** Updates a copy as {@link caughtUp} does. */
  async of(copy: Copy, request: CopyRequest): Promise<Copy | undefined> {
    const byToken = this.#running.get(copy) ?? new Map<string, CatchingUp<Copy>>();
    this.#running.set(copy, byToken);
    const running = byToken.get(request.tokenId);
    if (running === undefined) return this.#begin(byToken, copy, request);
    running.next ??= this.#after(running, byToken, copy, request);
    const shared = await settledIn(running.next);
    if (shared !== LATE) return shared.outcome();
    // No other request is to wait for one that may be gone.
    if (byToken.get(request.tokenId) === running) byToken.delete(request.tokenId);
    return caughtUp(copy, request);
  }

  async #after(
    { current }: CatchingUp<Copy>,
    byToken: Map<string, CatchingUp<Copy>>,
    copy: Copy,
    request: CopyRequest,
  ): Promise<Copy | undefined> {
    await settledIn(current);
    return this.#begin(byToken, copy, request);
  }

  async #begin(byToken: Map<string, CatchingUp<Copy>>, copy: Copy, request: CopyRequest): Promise<Copy | undefined> {
    const running: CatchingUp<Copy> = { current: caughtUp(copy, request) };
    byToken.set(request.tokenId, running);
    try {
      return await running.current;
    } finally {
      if (byToken.get(request.tokenId) === running && running.next === undefined) byToken.delete(request.tokenId);
    }
  }
}

/** A promise that has not settled in time. */
const LATE = Symbol('late');

/** Waits for a promise of another request, which never settles if the platform has cancelled that request. */
async function settledIn<T>(promise: Promise<T>): Promise<{ outcome: () => T } | typeof LATE> {
  const { promise: late, resolve } = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => resolve(LATE), COPY_FOLLOW_MAX_MS);
  const settled = promise.then(
    (value) => ({ outcome: () => value }),
    (error: unknown) => ({
      outcome: (): T => {
        throw error;
      },
    }),
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Updates a copy; returns undefined if its history is compacted or belongs to another storage. */
async function caughtUp<Copy extends NamespaceCopy>(copy: Copy, request: CopyRequest): Promise<Copy | undefined> {
  try {
    const changes = await changesSince(request, copy.cursor);
    if (changes !== undefined) copy.apply(changes);
    return copy;
  } catch (error) {
    if (isCompacted(error)) return undefined;
    throw error;
  }
}

/** Returns the changes since a cursor or a time, all as of one moment; undefined if nothing was committed since. */
async function changesSince({ calls, tokenId }: CopyRequest, since: string): Promise<CopyChanges | undefined> {
  const instances: ChangedInstance[] = [];
  let from = since;
  for (let slice = 0; slice < COPY_SLICES_MAX_COUNT; slice++) {
    const { cursor, body } = await calls.changedSince({ since: from, tokenId });
    if (body === null) return undefined;
    const { instances: more, revision, now, more: isMore } = readJsonText(body);
    instances.push(...more);
    if (!isMore) return { cursor, revision, now, instances };
    from = cursor;
  }
  throw new RegistryError('COMPACTED', 'there are too many changes to apply them one by one');
}
