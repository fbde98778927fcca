import { SharedCalls } from '../../auth/shared-calls';
import type { ChangedInstance } from '../../model/dialect-reads';
import { hasCode, RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';
import {
  EUREKA_CHANGES_SLICES_MAX_COUNT,
  EUREKA_FLEETS_MAX_COUNT,
  EUREKA_INSTANCES_KEPT_MAX_COUNT,
  EUREKA_INSTANCES_SHOWN_MAX_COUNT,
  EUREKA_TEXT_KEPT_MAX_BYTES,
} from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { type Changes, DELTA_WINDOW_MS, Fleet } from './fleet';

/** Longest wait of a request for a copy that another request is loading before it loads its own. */
const FOLLOW_MAX_MS = 5_000;

/** A request for the copy of a namespace. */
export interface FleetRequest {
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
export class Fleets {
  readonly #kept = new Map<string, Fleet>();
  readonly #loads = new SharedCalls<Fleet>({
    now: () => Date.now(),
    followMaxMs: FOLLOW_MAX_MS,
    maxCount: EUREKA_FLEETS_MAX_COUNT,
    sharesFailures: true,
  });

  /**
   * Returns an up-to-date copy of a namespace.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace is too large to copy.
   */
  async of(request: FleetRequest): Promise<Fleet> {
    const kept = this.#kept.get(request.id);
    const fleet = (kept && (await caughtUp(kept, request))) ?? (await this.#load(request, kept));
    if (fleet.size > EUREKA_INSTANCES_SHOWN_MAX_COUNT) this.#kept.delete(request.id);
    assertShown(request.id, fleet.size);
    this.#keep(request.id, fleet);
    return fleet;
  }

  /** @param stale Copy that must no longer be cached. */
  async #load(request: FleetRequest, stale: Fleet | undefined): Promise<Fleet> {
    if (this.#kept.get(request.id) === stale) this.#kept.delete(request.id);
    const loaded = await this.#loads.call(request.id, () => load(request));
    // It may have been loaded for an earlier request, and its history may be gone by now.
    return (await caughtUp(loaded, request)) ?? load(request);
  }

  /** Caches a copy, and evicts the least recently used ones if there is no room. */
  #keep(id: string, fleet: Fleet): void {
    this.#kept.delete(id);
    this.#kept.set(id, fleet);
    let instances = 0;
    let text = 0;
    for (const { size, textSize } of this.#kept.values()) {
      instances += size;
      text += textSize;
    }
    for (const [oldest, { size, textSize }] of this.#kept) {
      const isRoom = instances <= EUREKA_INSTANCES_KEPT_MAX_COUNT && text <= EUREKA_TEXT_KEPT_MAX_BYTES;
      if ((isRoom && this.#kept.size <= EUREKA_FLEETS_MAX_COUNT) || oldest === id) break;
      this.#kept.delete(oldest);
      instances -= size;
      text -= textSize;
    }
  }
}

/** Refuses a copy that is too large, because running out of memory would end all requests of the isolate. */
function assertShown(id: string, instances: number): void {
  if (instances <= EUREKA_INSTANCES_SHOWN_MAX_COUNT) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `namespace "${id}" has more than ${EUREKA_INSTANCES_SHOWN_MAX_COUNT} instances, the most that the Eureka API shows; split it into several namespaces, or use another API`,
  );
}

/** Updates a copy; returns undefined if its history is compacted or belongs to another storage. */
async function caughtUp(fleet: Fleet, request: FleetRequest): Promise<Fleet | undefined> {
  try {
    const changes = await changesSince(request, fleet.cursor);
    if (changes !== undefined) fleet.apply(changes);
    return fleet;
  } catch (error) {
    if (isCompacted(error)) return undefined;
    throw error;
  }
}

/** Loads a copy of a namespace, with its recent changes. */
async function load(request: FleetRequest): Promise<Fleet> {
  const { calls, tokenId, now } = request;
  const instances: InstanceView[] = [];
  let after: string | undefined;
  let cursor: string;
  do {
    const part = await calls.snapshot({ tokenId, ...(after === undefined ? {} : { after }) });
    const { services, next } = readJsonText(part.body ?? '{"services":[]}');
    instances.push(...services.flatMap((service) => service.instances));
    assertShown(request.id, instances.length);
    cursor = part.cursor;
    after = next;
  } while (after !== undefined);
  const since = now - DELTA_WINDOW_MS;
  const recent = await changesSince(request, new Date(since).toISOString()).catch((error: unknown) => {
    if (isCompacted(error)) return undefined;
    throw error;
  });
  const revision = instances.reduce((newest, instance) => Math.max(newest, instance.revision), 0);
  const fleet = new Fleet(instances, { cursor, revision, now }, recent === undefined ? now : since);
  if (recent !== undefined) fleet.apply(recent);
  return fleet;
}

/** Returns the changes since a cursor or a time, all as of one moment; undefined if there are none. */
async function changesSince({ calls, tokenId }: FleetRequest, since: string): Promise<Changes | undefined> {
  const instances: ChangedInstance[] = [];
  let from = since;
  for (let slice = 0; slice < EUREKA_CHANGES_SLICES_MAX_COUNT; slice++) {
    const { cursor, body } = await calls.changedSince({ since: from, tokenId });
    if (body === null) return undefined;
    const { instances: more, revision, now, more: isMore } = readJsonText(body);
    instances.push(...more);
    if (!isMore) return { cursor, revision, now, instances };
    from = cursor;
  }
  throw new RegistryError('COMPACTED', 'there are too many changes to apply them one by one');
}
