import type { Attention, JudgedLease } from './model-rule';
import type { LeaseTerms } from './subject';

/** A lease in memory or, with its times on the wall clock, on the disk. */
export interface Lease extends JudgedLease {
  terms: LeaseTerms;
  unhealthy: boolean;
  /** A session whose socket is not known to be gone. */
  open: boolean;
}

/** Everything in memory, on the registry's own clock. */
export interface Memory {
  leases: Map<string, Lease>;
  attention: Attention;
  lastPass: number;
  /** Wall clock minus the registry's own, as of the last pass. */
  wallOffset: number;
  lastLook: number;
  savedAt: number;
  /** Renewals or asks that are not on the disk. */
  dirty: boolean;
  /** When row 0 was opened, on `cloudflare`. */
  openedAt: number | undefined;
  socketsChecked: boolean;
  /** True if this turn came when it was due, or nearly. */
  punctual: boolean;
}

/** Durable state. Times are on the wall clock. */
export interface Disk {
  leases: Map<string, Lease>;
  row0: { open: boolean; at: number; attentiveSince: number; attended: number };
}

/** Moves every stamp by as much as the clock was set back, so that the time left until each deadline stays the same. */
export function shift(memory: Memory, byMs: number): void {
  for (const lease of memory.leases.values()) lease.renewedAt += byMs;
  memory.attention.attentiveSince += byMs;
  memory.lastPass += byMs;
  memory.lastLook += byMs;
  memory.savedAt += byMs;
  if (memory.openedAt !== undefined) memory.openedAt += byMs;
}

/** Returns the attended time that row 0 vouches for. */
export const attendedBefore = ({ at, attentiveSince, attended }: Disk['row0']) =>
  attended + Math.max(0, at - attentiveSince);
