import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEASE_SLACK_MS } from '../../../model/limits';
import { Attention } from '../time/attention';
import { LeaseTable } from './lease-table';

/** Time in which the registry listened without a gap. */
interface Stretch {
  from: number;
  to: number;
}

/** A lease in the plain model. */
interface Plain {
  ttlMs: number;
  removeAfterMs: number;
  renewedAt: number;
  isHealthy: boolean;
  /** Time when a pass first found it near its limit. */
  askedAt: number | undefined;
}

/** The rule of attention as a plain model, over a list of all stretches; the last one continues until `now`. */
class PlainModel {
  readonly stretches: Stretch[] = [{ from: 0, to: 0 }];
  readonly leases = new Map<number, Plain>();
  /** Time of the last pass that was late without a gap. */
  lateAt = Number.NEGATIVE_INFINITY;

  get last(): Stretch {
    return this.stretches.at(-1) ?? { from: 0, to: 0 };
  }

  /** Time between two moments in which the registry listened. */
  #attentionMs(from: number, to: number): number {
    let sum = 0;
    for (const stretch of this.stretches) sum += Math.max(0, Math.min(to, stretch.to) - Math.max(from, stretch.from));
    return sum;
  }

  limitAt({ ttlMs, removeAfterMs, renewedAt, isHealthy }: Plain): number {
    return renewedAt + (isHealthy ? Math.min(ttlMs, removeAfterMs) : removeAfterMs) + LEASE_SLACK_MS;
  }

  /** Time after which a holder without a response retries. */
  retryMs({ ttlMs }: Plain): number {
    return Math.min(1_000, Math.floor(ttlMs / 10));
  }

  /** Records the leases that a pass at `now` asks. */
  ask(now: number): void {
    for (const lease of this.leases.values()) {
      if (this.limitAt(lease) - this.retryMs(lease) <= now) lease.askedAt ??= now;
    }
  }

  /** True if a pass at `now` ends a lease: it may end, and no pause has just ended, or it waited for a second. */
  ends(lease: Plain, now: number): boolean {
    return this.#mayEnd(lease, now) && (now - this.lateAt >= 250 || this.#mayEnd(lease, now - 1_000));
  }

  /** True if a lease may end at `now`, the end of the last stretch. */
  #mayEnd(lease: Plain, now: number): boolean {
    if (this.limitAt(lease) > now || lease.askedAt === undefined) return false;
    const isAskedTwice = this.#attentionMs(lease.askedAt, now) >= this.retryMs(lease) + LEASE_SLACK_MS;
    const inOneGoMs = now - this.last.from;
    const hasHeardAll = inOneGoMs >= lease.ttlMs + LEASE_SLACK_MS;
    const hasHeardEnough = inOneGoMs >= 1_000 && this.#attentionMs(lease.askedAt, now) >= 2 * lease.ttlMs;
    return isAskedTwice && (hasHeardAll || hasHeardEnough);
  }
}

describe('the table', () => {
  const step = fc.record({
    act: fc.constantFrom(
      'grant',
      'renew',
      'release',
      'turn',
      'find',
      'pass',
      'late',
      'late',
      'gap',
      'gap',
      'gap',
      'gap',
    ),
    looks: fc.boolean(),
    which: fc.nat(20),
    ttlMs: fc.integer({ min: 500, max: 3_000 }),
    moreMs: fc.option(fc.integer({ min: 0, max: 3_000 })),
    passMs: fc.nat(1_500),
    spreadMs: fc.constantFrom(0, 0, 300),
  });

  it('[L7, L15, I6] ends exactly the leases that the rule ends, and never misses one by its bound', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const attention = new Attention({ since: 0, attendedMs: 1 }, 0, Number.NEGATIVE_INFINITY);
        const table = new LeaseTable<number>(attention);
        const model = new PlainModel();
        let now = 1;
        for (const { act, looks, which, ttlMs, moreMs, passMs, spreadMs } of steps) {
          now += passMs;
          if (act === 'gap') {
            attention.gap(now, spreadMs);
            // The time to reconnect is not granted twice.
            const from = Math.max(model.last.from, now + spreadMs);
            model.last.to = Math.max(model.last.from, model.last.to);
            model.stretches.push({ from, to: now });
          } else {
            attention.pass(now);
            model.last.to = now;
            if (act === 'late') {
              attention.hold(now);
              model.lateAt = now;
            }
          }
          const slot = [...model.leases.keys()][which % Math.max(1, model.leases.size)];
          const lease = slot === undefined ? undefined : model.leases.get(slot);
          if (act === 'grant') {
            const removeAfterMs = moreMs === null ? null : ttlMs + moreMs;
            const granted = table.grant(now, { ttlMs, removeAfterMs, healthy: true, renewedAt: now, askedAt: 0 });
            expect(model.leases.has(granted)).toBe(false);
            model.leases.set(granted, {
              ttlMs,
              removeAfterMs: removeAfterMs ?? Number.POSITIVE_INFINITY,
              renewedAt: now,
              isHealthy: true,
              askedAt: undefined,
            });
          } else if (act === 'find') {
            table.findEarliest();
          } else if (slot !== undefined && lease !== undefined) {
            if (act === 'renew') {
              table.renew(slot, now);
              Object.assign(lease, { renewedAt: now, askedAt: undefined });
            } else if (act === 'turn') {
              lease.isHealthy = !lease.isHealthy;
              table.setHealthy(slot, lease.isHealthy);
            } else if (act === 'release') {
              table.release(slot);
              model.leases.delete(slot);
            }
          }
          if (looks) {
            const isDue = table.earliestDeadline <= now;
            const ended = [...model.leases.values()].filter((each) => model.ends(each, now));
            model.ask(now);
            expect(table.lapsed(now, 1_000)).toHaveLength(ended.length);
            // If the bound reports no work, there is none.
            if (!isDue) expect(ended).toEqual([]);
            if (ended.length === 0) expect(table.earliestDeadline).toBeGreaterThan(now);
          }
          expect(table.size).toBe(model.leases.size);
        }
      }),
      { numRuns: 300 },
    );
  });
});
