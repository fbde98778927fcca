import { SharedCalls } from '../../../auth/shared-calls';
import type { OwnWrites } from '../../../http/cache/own-writes';
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
  NACOS_READS_UNTOLD_MAX_COUNT,
  NAMESPACES_REMEMBERED_MAX_COUNT,
} from '../../../model/limits';
import type { Caller, NamespaceApi, ReadAnswer } from '../../../model/namespace-api';
import { groupedName } from '../wire/names';

/** The caller, the place and the time of a check: the part of a route's call that is looked at. */
export interface CheckCaller {
  /** Id of the namespace. */
  namespace: string;
  tokenId: string;
  callerWithOrigin: Caller;
  surroundings: { now(): number; ownWrites: Pick<OwnWrites, 'changesOf' | 'reached'> };
}

/** Orders what was read by what was found to have changed, for all namespaces of an isolate. */
let moments = 0;

const UNCHANGED: ChangedServices = { services: [] };

/** A namespace as it was when it was last asked what changed. */
class CheckedNamespace {
  cursor: string | undefined;
  /** When that was asked, in milliseconds since the epoch. */
  askedAt = Number.NEGATIVE_INFINITY;
  /** {@link OwnWrites.changesOf} by then. */
  changes = -1;
  /** How often clients poll and beat. */
  pollMs = NACOS_CACHE_MS;
  beatMs = NACOS_BEAT_INTERVAL_DEFAULT_MS;
  /** Reads that are not reported to the namespace yet. */
  reads = new Map<string, SharedRead>();
  /** When each service was found to have changed. */
  readonly #changedAt = new Map<string, number>();
  #allChangedAt = 0;

  /** The moment that {@link isUnchangedSince} compares with: a reader of a service notes it before. */
  get moment(): number {
    return moments;
  }

  /** Tells whether a service that was read after a moment is still as it was then. */
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

  /** Takes in what changed. An answer that is older than the last one tells of changes, and of nothing else. */
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

  /** Services whose last change is remembered. */
  get changedCount(): number {
    return this.#changedAt.size;
  }

  /** Has all services count as changed. */
  forgetChanges(): void {
    this.#changedAt.clear();
    this.#allChangedAt = moments;
  }
}

/**
 * Asks each namespace what changed once for all polls of a while, and tells it with that who has polled.
 *
 * A poll is answered by what was so up to {@link NACOS_CHECK_MAX_AGE_MS} before it came. Whatever was changed through this
 * isolate by then is in it.
 */
export class SharedChecks {
  readonly #namespaces = new Map<string, CheckedNamespace>();
  readonly #calls = new SharedCalls<void>({
    now: () => Date.now(),
    followMaxMs: NACOS_CHECK_FOLLOW_MAX_MS,
    maxCount: NAMESPACES_REMEMBERED_MAX_COUNT,
    sharesFailures: false,
  });

  /** Reads in all that are not reported to namespaces yet. */
  #untold = 0;
  /** Changes in all that namespaces remember. */
  #changed = 0;

  /** Notes who has polled what, to tell it with the next check. */
  note(id: string, read: SharedRead): void {
    const checked = this.of(id);
    const before = checked.reads.size;
    checked.note(read);
    this.#untold += checked.reads.size - before;
    if (this.#untold > NACOS_READS_UNTOLD_MAX_COUNT) this.#forgetReads(checked);
  }

  /** Returns what is known of a namespace, without asking. */
  of(id: string): CheckedNamespace {
    const known = this.#namespaces.get(id);
    if (known !== undefined) return known;
    const made = new CheckedNamespace();
    this.#namespaces.set(id, made);
    for (const [oldest, checked] of this.#namespaces) {
      if (this.#namespaces.size <= NAMESPACES_REMEMBERED_MAX_COUNT) break;
      this.#takeReads(checked);
      this.#forgetChanges(checked);
      this.#namespaces.delete(oldest);
    }
    return made;
  }

  /**
   * Asks what changed, unless that is known well enough.
   *
   * @returns False where it can't be asked: the object may be of the version before, which fails at a question that it does not know.
   */
  async check(namespace: NamespaceApi, call: CheckCaller): Promise<boolean> {
    const checked = this.of(call.namespace);
    const changes = call.surroundings.ownWrites.changesOf(call.namespace);
    const age = call.surroundings.now() - checked.askedAt;
    if (age >= 0 && age < NACOS_CHECK_MAX_AGE_MS && checked.changes === changes) return true;
    try {
      // A check that was under way before a change may not know of it.
      await this.#calls.call(`${call.namespace} ${changes}`, () => this.#ask(namespace, checked, call));
      return true;
    } catch (error) {
      if (isRefusal(error)) throw error;
      return false;
    }
  }

  /** How often instances have to beat; undefined where that can't be asked now: then each goes on as it does. */
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

  /** Tells a namespace at once who has polled, where it can be told. */
  async tell(namespace: NamespaceApi, call: CheckCaller): Promise<void> {
    const checked = this.#namespaces.get(call.namespace);
    if (checked === undefined || checked.reads.size === 0) return;
    await this.#ask(namespace, checked, call).catch((error: unknown) => {
      if (isRefusal(error)) throw error;
    });
  }

  /**
   * Makes room: the oldest reads of a namespace that has too many by itself, or else those of the others. A drain waits
   * for their polls all the same: each may hold what it was sent for as long as the last check allowed.
   */
  #forgetReads(kept: CheckedNamespace): void {
    for (const oldest of kept.reads.keys()) {
      if (kept.reads.size <= NACOS_READS_UNTOLD_MAX_COUNT) break;
      kept.reads.delete(oldest);
      this.#untold -= 1;
    }
    for (const checked of this.#namespaces.values()) {
      if (this.#untold <= NACOS_READS_UNTOLD_MAX_COUNT) return;
      if (checked !== kept) this.#takeReads(checked);
    }
  }

  #apply(id: string, checked: CheckedNamespace, ...found: Parameters<CheckedNamespace['apply']>): void {
    const before = checked.changedCount;
    checked.apply(...found);
    // One that was forgotten while it was asked is not counted.
    if (this.#namespaces.get(id) !== checked) return;
    this.#changed += checked.changedCount - before;
    for (const other of this.#namespaces.values()) {
      if (this.#changed <= NACOS_CHANGES_REMEMBERED_MAX_COUNT) return;
      if (other !== checked) this.#forgetChanges(other);
    }
  }

  #forgetChanges(checked: CheckedNamespace): void {
    this.#changed -= checked.changedCount;
    checked.forgetChanges();
  }

  #takeReads(checked: CheckedNamespace): SharedRead[] {
    const { reads } = checked;
    checked.reads = new Map();
    this.#untold -= reads.size;
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
