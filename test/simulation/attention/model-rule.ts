/** Tolerance past a limit before a pass judges a lease, and between its first and its second pass. */
export const SLACK_MS = 250;

/** Longest time between two passes of an attentive resident host: its tick plus the allowed delay of a tick. */
export const PASS_MS = 250;
export const LATE_MS = 250;

/** A jump of the wall clock against the monotonic one that counts as a gap. */
export const CLOCK_JUMP_MS = 1_000;

/** A look that is later than this is a gap. */
export const LOOK_LATE_MS = 500;

/** A pass that is later than this ends nothing, in the variant that ends only on time. */
export const PUNCTUAL_MS = 100;

/** An answered renewal is durable within this time; attention is saved as often while a lease is asked. */
export const SAVE_EVERY_MS = 5_000;

/** Every lease gets this long after a gap, whatever was attended before. */
const GRACE_MS = 1_000;

/** A holder without an answer repeats its renewal within this time and within a tenth of its ttl. */
const RETRY_MAX_MS = 1_000;

/** Faults and repairs of the rule, to compare with the rule as written. All absent is the rule as written. */
export interface RuleVariant {
  /** Takes one renewal since the gap as proof that every holder could be heard. */
  heardOnce?: boolean;
  /** Ends a lease in the first pass that finds it past its limit. */
  noSecondPass?: boolean;
  /** Takes an alarm that is armed for the past as armed. */
  trustsAlarm?: boolean;
  /** Ends sessions by the last ping it has read, without asking the platform for a newer one. */
  sessionsNotAsked?: boolean;
  /** Never notices a gap. */
  noGaps?: boolean;
  /** Restarts the 2 x ttl of attended time at every gap. */
  forgetsAttended?: boolean;
  /** Repair: a renewal of an asked lease is durable before it is answered. */
  savesAskedRenewals?: boolean;
  /** Repair: looks for lost sockets at every wake, not only before it ends the first session. */
  findsLostSocketsAtWake?: boolean;
  /** Repair: a pass that is late, though by too little for a gap, asks but ends nothing. */
  endsOnlyOnTime?: boolean;
  /** Repair: a lease is asked a retry before its limit, and has a retry of attention to answer. */
  asksEarly?: boolean;
}

/** The rule with every repair that the trial asks for. */
export const REPAIRED: RuleVariant = {
  savesAskedRenewals: true,
  findsLostSocketsAtWake: true,
  asksEarly: true,
  endsOnlyOnTime: true,
};

/** The registry's knowledge of its own attention, on its own clock. */
export interface Attention {
  attentiveSince: number;
  /** Attended time before `attentiveSince`. */
  attended: number;
  /** True if a renewal was heard since `attentiveSince`; only a faulty variant uses it. */
  heard: boolean;
}

/** The rule's knowledge of a lease. */
export interface JudgedLease {
  ttlMs: number;
  renewedAt: number;
  /** Attended time at which it was first found past its limit. */
  askedAt: number | undefined;
}

/** Returns the attended time so far. */
export const attendedNow = (attention: Attention, now: number) =>
  attention.attended + Math.max(0, now - attention.attentiveSince);

/** Returns when a pass may end a lease; for a lease that was not asked, when a pass asks it. */
export function endsAt(lease: JudgedLease, limitMs: number, attention: Attention, variant: RuleVariant = {}): number {
  const { attentiveSince, attended } = attention;
  const passed = lease.renewedAt + limitMs + SLACK_MS;
  const retryMs = variant.asksEarly ? Math.min(RETRY_MAX_MS, lease.ttlMs / 10) : 0;
  if (lease.askedAt === undefined) return passed - retryMs;
  const askedAt = variant.forgetsAttended ? Math.max(lease.askedAt, attended) : lease.askedAt;
  const due = (attendedMs: number) => attentiveSince + askedAt + attendedMs - attended;
  const second = variant.noSecondPass ? passed : due(retryMs + SLACK_MS);
  if (variant.heardOnce && attention.heard) return Math.max(passed, second);
  return Math.max(
    passed,
    second,
    Math.min(attentiveSince + lease.ttlMs + SLACK_MS, Math.max(attentiveSince + GRACE_MS, due(2 * lease.ttlMs))),
  );
}
