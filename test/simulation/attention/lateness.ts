import type { Ending, HostKind } from './subject';
import type { TrialHolder } from './trial-holder';
import type { Fault } from './trial-host';

/** Tolerance of every bound. On Cloudflare an end takes up to four alarms, each of which comes up to 50 ms late here. */
const TOLERANCE_MS = { resident: 1_000, cloudflare: 1_200 } satisfies Record<HostKind, number>;

/** Attended time that a fault hides from the registry: since its last pass, or since it last saved its attention. */
const HIDDEN_MS = { resident: { freeze: 500, suspension: 500, jump: 500, crash: 5_500 }, cloudflare: 5_500 };

const hiddenMs = (kind: HostKind, fault: Fault) =>
  kind === 'cloudflare' ? HIDDEN_MS[kind] : HIDDEN_MS[kind][fault.kind];

/** Lateness of one ending of a dead holder. */
export interface Lateness {
  ending: Ending;
  /** True if a fault came between the last sign of life and the end, or just before. */
  afterGap: boolean;
  /** Past the limit, or past one ttl of attention since the last gap if that is later. Infinite if it never ended. */
  lateMs: number;
  /** Attended time between the limit and the end, less what faults hide: at most two ttl. */
  attendedMs: number;
  /** True if either bound is broken. */
  overdue: boolean;
}

interface Course {
  faults: readonly Fault[];
  kind: HostKind;
  spreadMs: number;
  /** The end of the world. */
  end: number;
}

/** Compares the endings of a dead holder with the bounds of the contract. */
export function latenessOf({ plan, endings, lastHeardAt }: TrialHolder, course: Course): Lateness[] {
  const { ttlMs, removeAfterMs } = plan.terms;
  const toleranceMs = TOLERANCE_MS[course.kind];
  const limits: { ending: Ending; limitMs: number }[] = [];
  if (removeAfterMs === null || removeAfterMs > ttlMs) limits.push({ ending: 'unhealthy', limitMs: ttlMs });
  if (removeAfterMs !== null) limits.push({ ending: 'removed', limitMs: removeAfterMs });
  return limits.map(({ ending, limitMs }) => {
    // A lease that is past both limits may be removed at once.
    const ended = endings.find((one) => one.at >= lastHeardAt && (one.ending === ending || one.ending === 'removed'));
    const limitAt = pastSuspensions(lastHeardAt, limitMs, course.faults);
    const at = ended?.at ?? course.end;
    const before = course.faults.filter(({ from }) => from <= at);
    const lastGap = Math.max(0, ...before.map(({ to }) => to));
    const graceAt = before.length === 0 ? 0 : lastGap + course.spreadMs + ttlMs;
    const attendedMs = attendedBetween(limitAt, at, before, course);
    const late = at - Math.max(limitAt, graceAt);
    const never = ended === undefined && late > 0;
    const overdue = late > toleranceMs || attendedMs > 2 * ttlMs + toleranceMs;
    return {
      ending,
      afterGap: graceAt > limitAt,
      lateMs: never ? Number.POSITIVE_INFINITY : late,
      attendedMs,
      overdue,
    };
  });
}

/** Returns when a limit is reached on a clock that stands still while the machine is suspended. */
function pastSuspensions(from: number, limitMs: number, faults: readonly Fault[]): number {
  let at = from + limitMs;
  for (const fault of faults) {
    if (fault.kind === 'suspension' && fault.to > from && fault.from < at) at += fault.to - Math.max(fault.from, from);
  }
  return at;
}

/** Attended time between two moments, less what each fault hides. */
function attendedBetween(from: number, to: number, faults: readonly Fault[], { kind, spreadMs }: Course): number {
  let attendedMs = 0;
  let since = from;
  for (const fault of faults) {
    if (fault.to < from) {
      since = Math.max(since, fault.to + (kind === 'cloudflare' || fault.kind === 'crash' ? spreadMs : 0));
      continue;
    }
    attendedMs += Math.max(0, Math.min(fault.from, to) - since - hiddenMs(kind, fault));
    since = Math.max(from, fault.to + (kind === 'cloudflare' || fault.kind === 'crash' ? spreadMs : 0));
  }
  return attendedMs + Math.max(0, to - since);
}
