/** Lease time, longer than any run, so that no lease expires. */
const LONG_LEASE_MS = 24 * 60 * 60 * 1_000;

/** Differences between two registrations of the bench. */
export interface ReferenceOptions {
  /** Number in the metadata. Another generation of the same instance is a change. */
  generation?: number;
  /** True for a lease that outlives the run, for instances that must exist at its end. */
  longLease?: boolean;
}

/** Returns the address of instance `n`. Addresses are distinct and have the same length. */
function address(n: number): string {
  const part = (shift: number) => 100 + (Math.floor(n / shift) % 100);
  return `10.${part(10_000)}.${part(100)}.${part(1)}`;
}

/**
 * Returns the reference instance of DESIGN.md section 15 as the members of a registration: IPv4 address, port, three
 * metadata entries with values of 20 bytes, one tag. All have the same length, so all requests cost a client the same.
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
