import { LRUCache } from 'lru-cache';
import { SharedCalls } from '../../../auth/shared-calls';
import { groupedName } from '../../../codecs/nacos/names';
import type { OwnWrites } from '../../../http/cache/own-writes';
import { countBound } from '../../../model/cache-bound';
import type { ChangedServices, SharedRead } from '../../../model/dialect-reads';
import { isRefusal, RegistryError } from '../../../model/errors';
import { readJsonText } from '../../../model/json';
import {
  NACOS_BEAT_INTERVAL_DEFAULT_MS,
  NACOS_CACHE_MS,
  NACOS_CHANGES_REMEMBERED_MAX_COUNT,
  NACOS_CHECK_FOLLOW_MAX_MS,
  NACOS_CHECK_MAX_AGE_MS,
  NACOS_INTERVALS_MAX_AGE_MS,
  NACOS_READS_UNREPORTED_MAX_COUNT,
  NAMESPACES_REMEMBERED_MAX_COUNT,
} from '../../../model/limits';
import type { Caller, NamespaceApi, ReadAnswer } from '../../../model/namespace-api';

/** The part of a route's call that a check needs: namespace, caller and time. */
export interface CheckCaller {
  /** Id of the namespace. */
  namespace: string;
  tokenId: string;
  callerWithOrigin: Caller;
  surroundings: { now(): number; ownWrites: Pick<OwnWrites, 'changesOf' | 'reached'> };
}

/** Change counter of all namespaces of an isolate, which orders reads and detected changes. */
let moments = 0;

const UNCHANGED: ChangedServices = { services: [] };

/** State of a namespace as of its last check for changes. */
class CheckedNamespace {
  cursor: string | undefined;
  /** Time of that check, in milliseconds since the epoch. */
  askedAt = Number.NEGATIVE_INFINITY;
  /** {@link OwnWrites.changesOf} at that time. */
  changes = -1;
  /** Poll and beat intervals of clients. */
  pollMs = NACOS_CACHE_MS;
  beatMs = NACOS_BEAT_INTERVAL_DEFAULT_MS;
  /** Reads that have not been reported to the namespace. */
  reads = new Map<string, SharedRead>();
  /** Value of the change counter when a change of each service was last detected. */
  readonly #changedAt = new Map<string, number>();
  #allChangedAt = 0;

  /** Value of the change counter. A reader takes it before a read, and passes it to {@link isUnchangedSince} later. */
  get moment(): number {
    return moments;
  }

  /** Reports whether no change of a service was detected since a value of the change counter. */
  isUnchangedSince(service: string, moment: number): boolean {
    return moment >= Math.max(this.#allChangedAt, this.#changedAt.get(service) ?? 0);
  }

  note(read: SharedRead): void {
    const key = [read.tokenId, read.group, read.service, read.subscriber?.id ?? ''].join('\n');
    const before = this.reads.get(key);
    if (before !== undefined && read.subscriber !== undefined) {
      read.subscriber.seen ??= before.subscriber?.seen;
    } else if (before !== undefined) {
      read.count = (read.count ?? 0) + (before.count ?? 0);
    }
    this.reads.set(key, read);
  }

  /** Applies the result of a check. Of one that is older than the last one, only the changes are used. */
  apply({ cursor, body }: ReadAnswer<ChangedServices>, askedAt: number, changes: number): void {
    const changed = body === null ? UNCHANGED : readJsonText(body);
    this.#noteChanges(changed);
    if (askedAt < this.askedAt) return;
    const { nacosPollMs: pollMs = NACOS_CACHE_MS, nacosBeatMs: beatMs = NACOS_BEAT_INTERVAL_DEFAULT_MS } =
      changed.intervals ?? {};
    Object.assign(this, { cursor, askedAt, changes, pollMs, beatMs });
  }

  #noteChanges({ services }: ChangedServices): void {
    if (services?.length === 0) return;
    moments += 1;
    for (const service of services ?? []) this.#changedAt.set(groupedName(service), moments);
    if (services === null || this.changedCount > NACOS_CHANGES_REMEMBERED_MAX_COUNT) this.forgetChanges();
  }

  /** Number of services whose last change is stored. */
  get changedCount(): number {
    return this.#changedAt.size;
  }

  /** Makes all services count as changed. */
  forgetChanges(): void {
    this.#changedAt.clear();
    this.#allChangedAt = moments;
  }
}

/**
 * Checks each namespace for changes once for all polls of a period, and reports the polls with the same call.
 *
 * The response to a poll may be {@link NACOS_CHECK_MAX_AGE_MS} old. It contains every change that was made through this
 * isolate before the poll.
 */
export class SharedChecks {
  readonly #namespaces = new LRUCache<string, CheckedNamespace>({
    ...countBound(NAMESPACES_REMEMBERED_MAX_COUNT),
    dispose: (checked) => {
      this.#takeReads(checked);
      this.#forgetChanges(checked);
    },
  });
  readonly #calls = new SharedCalls<void>({
    now: () => Date.now(),
    followMaxMs: NACOS_CHECK_FOLLOW_MAX_MS,
    maxCount: NAMESPACES_REMEMBERED_MAX_COUNT,
    sharesFailures: false,
  });

  /** Total number of reads that have not been reported to namespaces. */
  #unreported = 0;
  /** Total number of stored changes of services. */
  #changed = 0;

  /** Records a read, which the next check reports. */
  note(id: string, read: SharedRead): void {
    const checked = this.of(id);
    const before = checked.reads.size;
    checked.note(read);
    this.#unreported += checked.reads.size - before;
    if (this.#unreported > NACOS_READS_UNREPORTED_MAX_COUNT) this.#forgetReads(checked);
  }

  /** Returns the known state of a namespace, without a check. */
  of(id: string): CheckedNamespace {
    const known = this.#namespaces.get(id);
    if (known !== undefined) return known;
    const made = new CheckedNamespace();
    this.#namespaces.set(id, made);
    return made;
  }

  /**
   * Checks a namespace for changes, unless the last check is recent enough.
   *
   * @returns False if the check failed. The object may run the previous version, which does not know the call.
   */
  async check(namespace: NamespaceApi, call: CheckCaller): Promise<boolean> {
    const checked = this.of(call.namespace);
    const changes = call.surroundings.ownWrites.changesOf(call.namespace);
    const age = call.surroundings.now() - checked.askedAt;
    if (age >= 0 && age < NACOS_CHECK_MAX_AGE_MS && checked.changes === changes) return true;
    try {
      // A check that started before a change may not include it.
      await this.#calls.call(`${call.namespace} ${changes}`, () => this.#ask(namespace, checked, call));
      return true;
    } catch (error) {
      if (isRefusal(error)) throw error;
      return false;
    }
  }

  /** Returns the beat interval; undefined if the check failed, and each instance should keep its interval. */
  async beatMsOf(namespace: NamespaceApi, call: CheckCaller): Promise<number | undefined> {
    const checked = this.of(call.namespace);
    const age = call.surroundings.now() - checked.askedAt;
    if (age >= 0 && age < NACOS_INTERVALS_MAX_AGE_MS) return checked.beatMs;
    try {
      await this.#calls.call(`${call.namespace} beat`, () => this.#ask(namespace, checked, call));
      return checked.beatMs;
    } catch (error) {
      if (error instanceof RegistryError) return undefined;
      throw error;
    }
  }

  /** Reports the polls to a namespace immediately, if it is reachable. */
  async report(namespace: NamespaceApi, call: CheckCaller): Promise<void> {
    const checked = this.#namespaces.get(call.namespace);
    if (checked === undefined || checked.reads.size === 0) return;
    await this.#ask(namespace, checked, call).catch((error: unknown) => {
      if (isRefusal(error)) throw error;
    });
  }

  /**
   * Drops the oldest reads of a namespace that has too many by itself, or else those of the others. A drain still waits for
   * these pollers, because each may use its response for the time that the last check allowed.
   */
  #forgetReads(kept: CheckedNamespace): void {
    for (const oldest of kept.reads.keys()) {
      if (kept.reads.size <= NACOS_READS_UNREPORTED_MAX_COUNT) break;
      kept.reads.delete(oldest);
      this.#unreported -= 1;
    }
    for (const checked of this.#namespaces.rvalues()) {
      if (this.#unreported <= NACOS_READS_UNREPORTED_MAX_COUNT) return;
      if (checked !== undefined && checked !== kept) this.#takeReads(checked);
    }
  }

  #apply(id: string, checked: CheckedNamespace, ...found: Parameters<CheckedNamespace['apply']>): void {
    const before = checked.changedCount;
    checked.apply(...found);
    // A namespace that was evicted during the check is not counted.
    if (this.#namespaces.peek(id) !== checked) return;
    this.#changed += checked.changedCount - before;
    for (const other of this.#namespaces.rvalues()) {
      if (this.#changed <= NACOS_CHANGES_REMEMBERED_MAX_COUNT) return;
      if (other !== undefined && other !== checked) this.#forgetChanges(other);
    }
  }

  #forgetChanges(checked: CheckedNamespace): void {
    this.#changed -= checked.changedCount;
    checked.forgetChanges();
  }

  #takeReads(checked: CheckedNamespace): SharedRead[] {
    const { reads } = checked;
    checked.reads = new Map();
    this.#unreported -= reads.size;
    return [...reads.values()];
  }

  async #ask(namespace: NamespaceApi, checked: CheckedNamespace, call: CheckCaller): Promise<void> {
    const { now, ownWrites } = call.surroundings;
    const askedAt = now();
    const changes = ownWrites.changesOf(call.namespace);
    const reads = this.#takeReads(checked);
    try {
      const answer = await namespace.changedServices({
        since: checked.cursor,
        keepForMs: NACOS_CHECK_MAX_AGE_MS + checked.pollMs,
        reads,
        tokenId: call.tokenId,
      });
      this.#apply(call.namespace, checked, answer, askedAt, changes);
      ownWrites.reached(call.namespace, answer.cursor);
    } catch (error) {
      for (const read of [...reads, ...this.#takeReads(checked)]) this.note(call.namespace, read);
      throw error;
    }
  }
}
