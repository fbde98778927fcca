import { type Bounds, leaseBounds, type Outage } from '../crash/lease-bounds';
import type { SessionLife } from './operation';
import { type RecordState, removed, withText } from './record-state';

/**
 * Maximum difference between the clocks of this process and of the registry, plus the delay of a thread between two reads.
 */
const CLOCK_MARGIN_MS = 50;

/** Effects of time on records that are not renewed. */
export class LeaseHappenings {
  readonly #outages: readonly Outage[];
  readonly #sessions: Readonly<Record<string, SessionLife>>;

  constructor(outages: readonly Outage[], sessions: Readonly<Record<string, SessionLife>>) {
    this.#outages = outages;
    this.#sessions = sessions;
  }

  /** Returns whether the record must have been removed, or be unhealthy, before a call that arrived at a time. */
  isOverdue(record: RecordState, what: 'removal' | 'illness', at: number): boolean {
    const bounds = what === 'removal' ? this.#removal(record) : this.#illness(record);
    return bounds !== undefined && bounds.latest + CLOCK_MARGIN_MS < at;
  }

  /** Returns the record as unhealthy, if it may have become so by a time. */
  sickened(record: RecordState, by: number): RecordState | undefined {
    const illness = this.#illness(record);
    if (illness === undefined || illness.earliest - CLOCK_MARGIN_MS > by) return undefined;
    return withText({ ...record, healthy: false, revision: undefined });
  }

  /** Returns the record as removed because its own lease expired, if that may have happened by a time. */
  expired(record: RecordState, by: number): RecordState | undefined {
    const removal = this.#removal(record);
    return removal === undefined || removal.earliest - CLOCK_MARGIN_MS > by ? undefined : removed(undefined);
  }

  /**
   * Returns whether a session may have lapsed by a time, because it gave no sign of life for its time to live.
   *
   * A later sign of life proves nothing, because it may have come too late on a socket that was still open.
   */
  mayHaveLapsed(session: string, by: number): boolean {
    const life = this.#sessions[session];
    if (life === undefined) return true;
    const { signs, ttlMs } = life;
    return signs.some(({ sentAt }, index) => {
      const earliest = sentAt + ttlMs - CLOCK_MARGIN_MS;
      const next = signs[index + 1]?.answeredAt ?? Number.POSITIVE_INFINITY;
      return earliest <= by && earliest <= next;
    });
  }

  #removal(record: RecordState): Bounds | undefined {
    const { content, session } = record;
    if (content === null || content.lease === null || session !== undefined) return undefined;
    return leaseBounds({ ...content.lease, ...record }, content.lease.removeAfterMs, this.#outages);
  }

  #illness(record: RecordState): Bounds | undefined {
    const { content, session } = record;
    if (content === null || content.lease === null || session !== undefined || !record.healthy) return undefined;
    const { ttlMs, removeAfterMs } = content.lease;
    return ttlMs < removeAfterMs ? leaseBounds({ ...content.lease, ...record }, ttlMs, this.#outages) : undefined;
  }
}
