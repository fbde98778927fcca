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

/** How long a request waits for the copy that another is making, before it makes its own. */
const FOLLOW_MAX_MS = 5_000;

/** A namespace, and who asks. */
export interface Asked {
  id: string;
  calls: NamespaceApi;
  tokenId: string;
  /** Milliseconds since the epoch. */
  now: number;
}

const isCompacted = (error: unknown): boolean => hasCode(error, 'COMPACTED');

/**
 * The copies of namespaces that an isolate keeps. Each request asks its namespace once what is new, which is nothing as
 * a rule; so it sees all that was answered before it came.
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
   * The copy of a namespace, as it is now.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED` for one that is too large to be copied.
   */
  async of(asked: Asked): Promise<Fleet> {
    const kept = this.#kept.get(asked.id);
    const fleet = (kept && (await caughtUp(kept, asked))) ?? (await this.#load(asked, kept));
    if (fleet.size > EUREKA_INSTANCES_SHOWN_MAX_COUNT) this.#kept.delete(asked.id);
    assertShown(asked.id, fleet.size);
    this.#keep(asked.id, fleet);
    return fleet;
  }

  /** @param stale What is not to be kept any more. */
  async #load(asked: Asked, stale: Fleet | undefined): Promise<Fleet> {
    if (this.#kept.get(asked.id) === stale) this.#kept.delete(asked.id);
    const loaded = await this.#loads.call(asked.id, () => load(asked));
    // It may have been made for another request, before this one came; and of a past that is gone by now.
    return (await caughtUp(loaded, asked)) ?? load(asked);
  }

  /** Those asked for last are kept, as far as there is room. */
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

/** A copy that is larger than an isolate's memory would end everybody's requests with it. */
function assertShown(id: string, instances: number): void {
  if (instances <= EUREKA_INSTANCES_SHOWN_MAX_COUNT) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `namespace "${id}" has more than ${EUREKA_INSTANCES_SHOWN_MAX_COUNT} instances, the most that this door shows; part it into several, or read it through another door`,
  );
}

/** The copy, with what changed since; undefined where the past that it would go on from is gone, or another storage's. */
async function caughtUp(fleet: Fleet, asked: Asked): Promise<Fleet | undefined> {
  try {
    const changes = await changesSince(asked, fleet.cursor);
    if (changes !== undefined) fleet.apply(changes);
    return fleet;
  } catch (error) {
    if (isCompacted(error)) return undefined;
    throw error;
  }
}

/** All of a namespace, with what changed of it lately. */
async function load(asked: Asked): Promise<Fleet> {
  const { calls, tokenId, now } = asked;
  const instances: InstanceView[] = [];
  let after: string | undefined;
  let cursor: string;
  do {
    const part = await calls.snapshot({ tokenId, ...(after === undefined ? {} : { after }) });
    const { services, next } = readJsonText(part.body ?? '{"services":[]}');
    instances.push(...services.flatMap((service) => service.instances));
    assertShown(asked.id, instances.length);
    cursor = part.cursor;
    after = next;
  } while (after !== undefined);
  const since = now - DELTA_WINDOW_MS;
  const recent = await changesSince(asked, new Date(since).toISOString()).catch((error: unknown) => {
    if (isCompacted(error)) return undefined;
    throw error;
  });
  const revision = instances.reduce((newest, instance) => Math.max(newest, instance.revision), 0);
  const fleet = new Fleet(instances, { cursor, revision, now }, recent === undefined ? now : since);
  if (recent !== undefined) fleet.apply(recent);
  return fleet;
}

/** What changed since then, up to one moment; undefined for nothing. */
async function changesSince({ calls, tokenId }: Asked, since: string): Promise<Changes | undefined> {
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
  throw new RegistryError('COMPACTED', 'more changed than is worth telling one by one');
}
