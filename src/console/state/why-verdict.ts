import type { Cause, HistoryChange, HistoryEntry, Renewals, WhyReport } from '../../client/wire/history-answers';
import type { Instance, InstanceStatus } from '../../client/wire/instance';
import { type State, stateOf } from './instance-state';

/** Share of the ttl from which the longest interval between two renewals shows that they were too slow. */
const SLOW_SHARE = 0.8;

/** Share of the ttl up to which renewals came in time. */
const PROMPT_SHARE = 0.6;

/** Time after a registration in which its own grant counts as the last renewal. */
const GRANT_MS = 1_000;

/** Time in which changes of health make an instance flap. */
const FLAPPING_MS = 5 * 60_000;

/** An author of a change; `isOwner`: the token that registered the instance. */
interface By {
  actor: string;
  isOwner: boolean;
}

/** End of an instance, or the reason why it gets no traffic. */
export type Finding =
  | { kind: 'expired'; lastAt: string; removedAt: string }
  | ({ kind: 'deregistered'; at: string } & By)
  | ({ kind: 'drained'; at: string; beganAt: string | undefined } & By)
  | { kind: 'session-closed'; at: string }
  | ({ kind: 'removed'; at: string; cause: Cause } & By)
  | { kind: 'unknown' }
  | { kind: 'never' }
  | ({ kind: 'draining'; beganAt: string | undefined; endsAt: string | undefined } & By)
  | {
      kind: 'quarantined';
      at: string;
      actor: string;
      isRollback: boolean;
      reason: string | undefined;
      until: string | undefined;
    }
  | { kind: 'unhealthy'; lastAt: string | undefined; removedAt: string | undefined }
  | { kind: 'disabled'; at: string; actor: string }
  /** `actor`: the operator that set it; undefined: the instance itself. */
  | { kind: 'status'; status: InstanceStatus; actor: string | undefined }
  | { kind: 'weight'; actor: string | undefined }
  | { kind: 'up'; since: string };

/** Renewals before a silence, which show its probable cause. */
export type Pace =
  | { kind: 'sudden'; intervalMs: number; lastAt: string; host: string | undefined }
  | { kind: 'slow'; intervalMs: number; ttlMs: number }
  | { kind: 'uneven'; intervalMs: number; ttlMs: number }
  | { kind: 'never-renewed'; ttlMs: number }
  | { kind: 'session'; lastAt: string }
  | { kind: 'too-late'; since: string };

/** A further fact, and what to look for. */
export type Hint =
  | Pace
  | { kind: 'nearly-late'; intervalMs: number; ttlMs: number }
  /** `isMore`: the history has older changes that were not read. */
  | { kind: 'flapping'; count: number; isMore: boolean }
  | { kind: 'was-gone'; cause: Cause; goneAt: string; backAt: string }
  | { kind: 'kept-quarantine'; until: string | undefined }
  | { kind: 'only-override'; actor: string }
  | { kind: 'look-at-owner'; at: string }
  | { kind: 'ask'; actor: string };

/** Explanation of an instance. */
export interface Verdict {
  state: State;
  /** The gravest first; never empty. */
  findings: readonly [Finding, ...Finding[]];
  hints: readonly Hint[];
}

type InstanceChange = Extract<HistoryChange, { kind: 'instance' }>;

/** A change of the instance itself, with the revision that made it. */
export interface InstanceEvent {
  entry: HistoryEntry;
  change: InstanceChange;
}

/** Returns the changes of the instance itself, newest first. */
export const eventsOf = ({ entries }: Pick<WhyReport, 'entries'>): InstanceEvent[] =>
  entries.flatMap((entry) =>
    entry.changes.flatMap((change) => (change.kind === 'instance' ? [{ entry, change }] : [])),
  );

/** Returns the newest removal. */
export const removalOf = (events: readonly InstanceEvent[]): InstanceEvent | undefined =>
  events.find(({ change }) => change.after === null);

/** Returns the drain that led to the newest state: the event that began it. */
export const drainOf = (events: readonly InstanceEvent[]): InstanceEvent | undefined =>
  events.find(({ change }) => change.cause === 'drained' && change.after !== null);

/**
 * Returns the renewals before the silence that an instance is in, or that ended it. A registry that was started within that
 * silence has lost them, but the history has those up to the loss of health.
 */
export function renewalsOf({ renewals, instance }: WhyReport, events: readonly InstanceEvent[]): Renewals | null {
  if (renewals === null || instance?.healthy === true) return renewals;
  const atLoss = events.find(({ change }) => change.cause === 'unhealthy')?.change.renewals;
  if (atLoss === undefined || Date.parse(atLoss.lastAt) + GRANT_MS < Date.parse(renewals.lastAt)) return renewals;
  return atLoss;
}

/** Explains an instance from the facts of its report. */
export function verdictOf(report: WhyReport): Verdict {
  const { instance } = report;
  const events = eventsOf(report);
  return instance === undefined ? gone(report, events) : present(report, instance, events);
}

function gone(report: WhyReport, events: readonly InstanceEvent[]): Verdict {
  const removal = removalOf(events);
  const finding = departure(report, removal, events);
  const hints: Hint[] = [];
  const before = removal?.change.before;
  if (finding.kind === 'expired') hints.push(...paces(renewalsOf(report, events), before ?? undefined, events));
  if (finding.kind === 'deregistered' || finding.kind === 'removed')
    hints.push(finding.isOwner ? { kind: 'look-at-owner', at: finding.at } : { kind: 'ask', actor: finding.actor });
  const quarantine = report.override?.quarantine;
  if (quarantine !== undefined) hints.push({ kind: 'kept-quarantine', until: quarantine.until });
  return { state: 'gone', findings: [finding], hints };
}

function departure(
  { renewals, compacted, next }: WhyReport,
  removal: InstanceEvent | undefined,
  events: readonly InstanceEvent[],
): Finding {
  if (removal === undefined)
    return { kind: events.length > 0 || compacted || next !== undefined ? 'unknown' : 'never' };
  const { entry, change } = removal;
  const { at } = entry;
  const by = authorOf(entry, change.before?.owner);
  if (change.cause === 'expired' && renewals !== null)
    return { kind: 'expired', lastAt: renewals.lastAt, removedAt: at };
  if (change.cause === 'drained') {
    const drain = drainOf(events);
    const began = drain === undefined ? by : authorOf(drain.entry, change.before?.owner);
    return { kind: 'drained', at, beganAt: drain?.entry.at, ...began };
  }
  if (change.cause === 'session-closed') return { kind: 'session-closed', at };
  if (change.cause === 'deregistered') return { kind: 'deregistered', at, ...by };
  return { kind: 'removed', at, cause: change.cause, ...by };
}

function present(report: WhyReport, instance: Instance, events: readonly InstanceEvent[]): Verdict {
  const { override } = report;
  const renewals = renewalsOf(report, events);
  const findings = obstacles(report, instance, events);
  const hints: Hint[] = [];
  if (!instance.healthy) hints.push(...paces(renewals, instance, events));
  const [first = { kind: 'up' as const, since: instance.registeredAt }, ...others] = findings;
  const own = events[0]?.change.after;
  const wouldServe = instance.healthy && own?.status === 'up' && own.weight > 0;
  if (override !== undefined && wouldServe && findings.length > 0 && instance.status !== 'draining')
    hints.push({ kind: 'only-override', actor: override.actor });
  if (instance.flapping) hints.push(flappingOf(events, report.next !== undefined));
  if (instance.healthy) hints.push(...latenessOf(renewals, instance, events));
  const removal = removalOf(events);
  const back = removal && events[events.indexOf(removal) - 1];
  if (removal !== undefined && back !== undefined)
    hints.push({ kind: 'was-gone', cause: removal.change.cause, goneAt: removal.entry.at, backAt: back.entry.at });
  return { state: stateOf(instance), findings: [first, ...others], hints };
}

/** Returns all that keeps traffic from an instance, the gravest first. */
function obstacles(
  { override, renewals, deadlines, entries }: WhyReport,
  instance: Instance,
  events: readonly InstanceEvent[],
): Finding[] {
  const found: Finding[] = [];
  if (instance.status === 'draining') {
    const drain = drainOf(events);
    const by = drain === undefined ? { actor: instance.owner, isOwner: true } : authorOf(drain.entry, instance.owner);
    found.push({ kind: 'draining', beganAt: drain?.entry.at, endsAt: deadlines.drainEndsAt ?? undefined, ...by });
  }
  if (override?.quarantine !== undefined && instance.status !== 'draining') {
    const { actor, updatedAt: at, quarantine } = override;
    const { reason, until } = quarantine;
    const latest = entries.flatMap(({ changes }) => changes).find(({ kind }) => kind === 'override');
    found.push({ kind: 'quarantined', at, actor, isRollback: latest?.cause === 'rolled-back', reason, until });
  }
  if (!instance.healthy)
    found.push({ kind: 'unhealthy', lastAt: renewals?.lastAt, removedAt: deadlines.removedAt ?? undefined });
  if (instance.status !== 'up' && instance.status !== 'draining') {
    const actor = override?.status === undefined ? undefined : override.actor;
    found.push({ kind: 'status', status: instance.status, actor });
  }
  if (!instance.enabled && override !== undefined)
    found.push({ kind: 'disabled', at: override.updatedAt, actor: override.actor });
  if (instance.weight === 0)
    found.push({ kind: 'weight', actor: override?.weight === undefined ? undefined : override.actor });
  return found;
}

const authorOf = ({ actor }: HistoryEntry, owner: string | undefined): By => ({ actor, isOwner: actor === owner });

type Leased = Pick<Instance, 'lease' | 'registeredAt' | 'address' | 'url'>;

/** Returns what the renewals before a silence show: a sudden stop, slowness, or too little. */
function paces(renewals: Renewals | null, record: Leased | undefined, events: readonly InstanceEvent[]): Pace[] {
  const lease = record?.lease ?? undefined;
  if (renewals === null || record === undefined || lease === undefined) return [];
  const { ttlMs } = lease;
  const { lastAt, longestIntervalMs: intervalMs, gapsSince } = renewals;
  const isSlow = intervalMs >= SLOW_SHARE * ttlMs;
  const [last, since] = [Date.parse(lastAt), Date.parse(gapsSince)];
  if (since > Date.parse(record.registeredAt) + GRANT_MS) {
    // The registry woke later. What it recorded must cover a ttl, and its first interval may begin at any renewal before.
    const wasLate = events.some(({ entry, change }) => change.cause === 'recovered' && Date.parse(entry.at) > since);
    if (last - since < ttlMs || (isSlow && !wasLate)) return [{ kind: 'too-late', since: gapsSince }];
  }
  if (isSlow) return [{ kind: 'slow', intervalMs, ttlMs }];
  if (intervalMs === 0) {
    const granted = events.find(({ change }) => change.cause === 'registered')?.entry.at ?? record.registeredAt;
    return [last <= Date.parse(granted) + GRANT_MS ? { kind: 'never-renewed', ttlMs } : { kind: 'session', lastAt }];
  }
  if (intervalMs > PROMPT_SHARE * ttlMs) return [{ kind: 'uneven', intervalMs, ttlMs }];
  return [{ kind: 'sudden', intervalMs, lastAt, host: record.address ?? record.url }];
}

/** Returns a warning if an instance that renews comes close to its ttl, or has exceeded it. */
function latenessOf(renewals: Renewals | null, instance: Instance, events: readonly InstanceEvent[]): Hint[] {
  const [pace] = paces(renewals, instance, events);
  if (pace?.kind !== 'slow') return [];
  return [pace.intervalMs > pace.ttlMs ? pace : { ...pace, kind: 'nearly-late' }];
}

/** Counts the losses of health shortly before the newest change. */
function flappingOf(events: readonly InstanceEvent[], hasOlder: boolean): Hint {
  const newest = Date.parse(events[0]?.entry.at ?? '');
  const isRecent = ({ entry }: InstanceEvent) => newest - Date.parse(entry.at) <= FLAPPING_MS;
  const count = events.filter((event) => event.change.cause === 'unhealthy' && isRecent(event)).length;
  return { kind: 'flapping', count, isMore: hasOlder && events.every(isRecent) };
}
