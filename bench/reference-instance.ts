/** Long enough for any run; the lease is never what a figure is about. */
const LONG_LEASE_MS = 24 * 60 * 60 * 1_000;

/** What differs between two registrations of the bench. */
export interface ReferenceOptions {
  /** Shows in the metadata: another generation of the same instance is a change. */
  generation?: number;
  /** A lease that outlives the run, for instances that have to be there at its end. */
  longLease?: boolean;
}

/** Address of instance `n`: each has its own, all of one length. */
function address(n: number): string {
  const part = (shift: number) => 100 + (Math.floor(n / shift) % 100);
  return `10.${part(10_000)}.${part(100)}.${part(1)}`;
}

/**
 * The reference instance of DESIGN.md section 15, as a registration's members: IPv4 address, port, three metadata
 * entries with values of 20 bytes, one tag. All are equally long, so that one request costs a client what the next does.
 */
export function referenceInstance(n: number, options: ReferenceOptions = {}): Record<string, unknown> {
  return {
    address: address(n),
    port: 8080,
    metadata: {
      build: `2026-11-20-${String(options.generation ?? 0).padStart(9, '0')}`,
      contact: 'team-orders@acme.org',
      runtime: 'node-24.21.0-bookwrm',
    },
    tags: ['blue'],
    ...(options.longLease ? { lease: { ttlMs: LONG_LEASE_MS } } : {}),
  };
}
