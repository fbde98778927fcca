import type { WhyReport } from '../../client/wire/history-answers';
import { drainOf, eventsOf, type InstanceEvent, removalOf } from './why-verdict';

/** A part of an instance's last minutes. */
export interface EndLeg {
  /** `silent`: it no longer renews, but is within its ttl. */
  kind: 'up' | 'silent' | 'unhealthy' | 'draining';
  /** Start in milliseconds since the epoch; undefined: earlier than shown. */
  from: number | undefined;
  /** End in milliseconds since the epoch. */
  until: number;
}

/** How an instance ended, or is about to end. */
export interface InstanceEnd {
  legs: readonly EndLeg[];
  /** Time of its removal, in milliseconds since the epoch; undefined: not removed, and no removal is due. */
  removedAt: number | undefined;
  /** The removal is due, unless something prevents it. */
  isComing: boolean;
}

/**
 * Returns how an instance ended, or how it will end if nothing changes; undefined if no end is in sight.
 *
 * @param now Time in milliseconds since the epoch.
 */
export function endOf(report: WhyReport, now: number): InstanceEnd | undefined {
  const events = eventsOf(report);
  const { instance, deadlines } = report;
  if (instance === undefined) {
    const removal = removalOf(events);
    if (removal === undefined) return undefined;
    const removedAt = Date.parse(removal.entry.at);
    return { legs: legsOf(report, removal.change.cause, events, removedAt), removedAt, isComing: false };
  }
  const isDraining = instance.status === 'draining';
  if (instance.healthy && !isDraining) return undefined;
  const dueAt = isDraining ? deadlines.drainEndsAt : deadlines.removedAt;
  const removedAt = dueAt === null ? undefined : Date.parse(dueAt);
  return { legs: legsOf(report, isDraining ? 'drained' : 'expired', events, now), removedAt, isComing: true };
}

function legsOf(
  { renewals, instance }: WhyReport,
  cause: string,
  events: readonly InstanceEvent[],
  until: number,
): EndLeg[] {
  if (cause === 'drained') {
    const begun = drainOf(events);
    if (begun === undefined) return [{ kind: 'up', from: undefined, until }];
    const from = Date.parse(begun.entry.at);
    return [
      { kind: 'up', from: undefined, until: from },
      { kind: 'draining', from, until },
    ];
  }
  if (cause !== 'expired' || renewals === null) return [{ kind: 'up', from: undefined, until }];
  const silentAt = Date.parse(renewals.lastAt);
  const lost = events.find(({ change }) => change.cause === 'unhealthy');
  const ttlMs = (instance ?? events.find(({ change }) => change.before !== null)?.change.before)?.lease?.ttlMs ?? 0;
  const lostAt = lost === undefined ? Number.NaN : Date.parse(lost.entry.at);
  // Without an entry of its own, the loss of health coincides with the removal.
  const unhealthyAt = lostAt >= silentAt ? lostAt : Math.min(until, silentAt + ttlMs);
  const legs: EndLeg[] = [
    { kind: 'up', from: undefined, until: silentAt },
    { kind: 'silent', from: silentAt, until: unhealthyAt },
  ];
  if (until > unhealthyAt) legs.push({ kind: 'unhealthy', from: unhealthyAt, until });
  return legs;
}
