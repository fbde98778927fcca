import { LRUCache } from 'lru-cache';
import { countBound } from '../../model/cache-bound';
import { readJsonText } from '../../model/json';
import {
  METRICS_CALL_MAX_MS,
  METRICS_CALLS_AT_ONCE_MAX_COUNT,
  METRICS_COLLECT_MAX_MS,
  METRICS_IDLE_MAX_AGE_MS,
  METRICS_IDLE_MAX_COUNT,
} from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import type { Stats } from '../../model/stats';
import { withDeadline } from '../request/deadline';

/** An open namespace, as far as a scrape needs it. The API may be a proxy, which no promise can resolve to. */
interface Measured {
  calls: Pick<NamespaceApi, 'stats'>;
}

/** Dependencies of {@link NamespaceFigures}. */
export interface FiguresOptions {
  /** Opens a namespace; undefined if it does not exist. */
  open(id: string): Measured | undefined | Promise<Measured | undefined>;
  /** Returns a number that differs after each change of a namespace through this isolate. */
  changesOf(id: string): number;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Cached figures of an idle namespace. */
interface IdleFigures {
  stats: Stats;
  /** Number of its changes when it was read. */
  changes: number;
  /** Milliseconds since the epoch. */
  askedAt: number;
  /** Differs by namespace, so that namespaces read in the same scrape are not all read again in the same one. */
  maxAgeMs: number;
}

/**
 * Reads the statistics of many namespaces for a scrape. A namespace without leases, sessions and sockets is idle: its
 * figures are repeated for some minutes, so that scrapes don't keep it awake. A change or a socket through this isolate ends
 * that.
 */
export class NamespaceFigures {
  readonly #options: FiguresOptions;
  readonly #idle = new LRUCache<string, IdleFigures>(countBound(METRICS_IDLE_MAX_COUNT));
  /** Number of sockets opened, to detect one that opens while a namespace is read. */
  #socketsOpened = 0;

  constructor(options: FiguresOptions) {
    this.#options = options;
  }

  /** Discards cached figures: a session on a new socket changes a namespace without a call. */
  socketOpened(id: string): void {
    this.#socketsOpened += 1;
    this.#idle.delete(id);
  }

  /**
   * Returns the statistics of these namespaces, in their order. One that does not exist, refuses, fails or does not answer
   * in time is missing.
   */
  async of(ids: readonly string[], tokenId: string): Promise<Map<string, Stats>> {
    const found = new Map<string, Stats | undefined>(ids.map((id) => [id, this.#cached(id)]));
    const queue = ids.filter((id) => found.get(id) === undefined).values();
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
    }, METRICS_COLLECT_MAX_MS);
    const askNext = async () => {
      for (const id of queue) {
        if (isOver) return;
        found.set(id, await this.#ask(id, tokenId));
      }
    };
    await Promise.all(Array.from({ length: METRICS_CALLS_AT_ONCE_MAX_COUNT }, askNext));
    clearTimeout(timer);
    return new Map([...found].flatMap(([id, stats]) => (stats === undefined ? [] : [[id, stats]])));
  }

  #cached(id: string): Stats | undefined {
    const known = this.#idle.get(id);
    if (known === undefined) return undefined;
    const age = this.#options.now() - known.askedAt;
    const isCurrent = age >= 0 && age < known.maxAgeMs && known.changes === this.#options.changesOf(id);
    return isCurrent ? known.stats : undefined;
  }

  /** Asks a namespace. An answer after the timeout is still cached for the next scrape. */
  #ask(id: string, tokenId: string): Promise<Stats | undefined> {
    // The metric `rollcall_namespace_up` reports the failure; the route of its statistics returns the reason.
    return withDeadline(this.#statsOf(id, tokenId), METRICS_CALL_MAX_MS).catch(() => undefined);
  }

  async #statsOf(id: string, tokenId: string): Promise<Stats | undefined> {
    const { open, changesOf, now } = this.#options;
    const [changes, askedAt, socketsOpened] = [changesOf(id), now(), this.#socketsOpened];
    this.#idle.delete(id);
    const namespace = await open(id);
    if (namespace === undefined) return undefined;
    const stats = readJsonText((await namespace.calls.stats({ tokenId })).body);
    if (socketsOpened === this.#socketsOpened && isIdle(stats)) {
      const maxAgeMs = METRICS_IDLE_MAX_AGE_MS * (1 - Math.random() / 2);
      this.#idle.set(id, { stats, changes, askedAt, maxAgeMs });
    }
    return stats;
  }
}

function isIdle({ leases, sessions, sockets }: Stats): boolean {
  return leases === 0 && sessions === 0 && sockets === 0;
}
