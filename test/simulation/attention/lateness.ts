import type { Ending, HostKind } from './subject';
import type { TrialHolder } from './trial-holder';
import type { Fault } from './trial-host';

/** Tolerance of every bound: a registry ends the dead within this long after it may. */
export const TOLERANCE_MS = 1_000;

/** Attended time that a fault hides from the registry: since the last pass, or since attention was last saved. */
const HIDDEN_MS = { freeze: 500, jump: 500, crash: 5_500 } satisfies Record<Fault['kind'], number>;

/** How late one ending of a dead holder was. */
export interface Lateness {
  ending: Ending;
  /** Whether a fault came between the last sign of life and the end, or just before. */
  afterGap: boolean;
  /** Past the limit, or past one ttl of attention since the last gap where that is later. Infinite if it never ended. */
  lateMs: number;
  /** Attended time between the limit and the end, less what faults hide: at most two ttl. */
  attendedMs: number;
  /** Whether either bound is broken. */
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
  const limits: { ending: Ending; limitMs: number }[] = [];
  if (removeAfterMs === null || removeAfterMs > ttlMs) limits.push({ ending: 'unhealthy', limitMs: ttlMs });
  if (removeAfterMs !== null) limits.push({ ending: 'removed', limitMs: removeAfterMs });
  return limits.map(({ ending, limitMs }) => {
    const ended = endings.find((candidate) => candidate.ending === ending && candidate.at >= lastHeardAt);
    const limitAt = lastHeardAt + limitMs;
    const at = ended?.at ?? course.end;
    const before = course.faults.filter(({ from }) => from <= at);
    const lastGap = Math.max(0, ...before.map(({ to }) => to));
    const graceAt = before.length === 0 ? 0 : lastGap + course.spreadMs + ttlMs;
    const attendedMs = attendedBetween(limitAt, at, before, course.spreadMs);
    const late = at - Math.max(limitAt, graceAt);
    const never = ended === undefined && late > 0;
    const overdue = late > TOLERANCE_MS || attendedMs > 2 * ttlMs + TOLERANCE_MS;
    return { ending, afterGap: graceAt > limitAt, lateMs: never ? Number.POSITIVE_INFINITY : late, attendedMs, overdue };
  });
}

/** Attended time between two moments, less what each fault hides. */
function attendedBetween(from: number, to: number, faults: readonly Fault[], spreadMs: number): number {
  let attendedMs = 0;
  let since = from;
  for (const fault of faults) {
    if (fault.to < from) {
      since = Math.max(since, fault.to + (fault.kind === 'crash' ? spreadMs : 0));
      continue;
    }
    attendedMs += Math.max(0, Math.min(fault.from, to) - since - HIDDEN_MS[fault.kind]);
    since = Math.max(from, fault.to + (fault.kind === 'crash' ? spreadMs : 0));
  }
  return attendedMs + Math.max(0, to - since);
}
