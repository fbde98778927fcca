import { type JsonText, jsonText } from '../../../model/json';
import { grantLease, type Lease } from '../../../model/lease';
import { LEASE_TERMS_MAX_COUNT } from '../../../model/limits';

/** What a registration gets that asks for nothing. */
export const DEFAULT_LEASE: Lease = grantLease(undefined);

/** Whether two leases are granted for the same times. */
export function sameLease(a: Lease, b: Lease): boolean {
  return (
    a.ttlMs === b.ttlMs &&
    a.removeAfterMs === b.removeAfterMs &&
    a.intervalMs === b.intervalMs &&
    a.firstRemoveAfterMs === b.firstRemoveAfterMs
  );
}

/** Terms as they are stored: null for the default ones. */
export function leaseText(lease: Lease): string | null {
  return sameLease(lease, DEFAULT_LEASE) ? null : JSON.stringify(lease);
}

const encoded = new WeakMap<Lease, string>();

/** Terms as answers show them, encoded once: every heartbeat is answered with them. */
export function leaseJson(lease: Lease): JsonText<Lease> {
  let json = encoded.get(lease);
  if (json === undefined) {
    json = jsonText(lease);
    encoded.set(lease, json);
  }
  return json;
}

/** The terms of many leases, each kept once: a fleet has few different ones. */
export class LeaseTerms {
  readonly #byText = new Map<string, Lease>();

  /** Reads terms as {@link leaseText} wrote them. */
  read(text: string | null): Lease {
    if (text === null) return DEFAULT_LEASE;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (this.#byText.size >= LEASE_TERMS_MAX_COUNT) this.#byText.clear();
    const lease = JSON.parse(text) as Lease; // `as`: only leaseText writes these texts
    this.#byText.set(text, lease);
    return lease;
  }
}
