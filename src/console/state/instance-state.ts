import type { ServiceSummary } from '../../client/wire/answers';
import type { Instance } from '../../client/wire/instance';

/** State of an instance as it is shown, the gravest first. */
export const STATES = ['gone', 'draining', 'quarantined', 'unhealthy', 'starting', 'out', 'up'] as const;
export type State = (typeof STATES)[number];

/**
 * Returns the state of an instance: the first that applies. An operator's drain also quarantines its instance, so `draining`
 * comes first.
 */
export function stateOf(instance: Instance): State {
  if (instance.status === 'draining') return 'draining';
  if (instance.quarantined) return 'quarantined';
  if (!instance.healthy) return 'unhealthy';
  if (instance.status === 'starting') return 'starting';
  return instance.available ? 'up' : 'out';
}

/** Returns the address of an instance, as callers use it. */
export function endpointOf({ url, address, port }: Pick<Instance, 'url' | 'address' | 'port'>): string {
  if (url !== undefined || address === undefined) return url ?? '';
  const host = address.includes(':') ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}

/** Shares of a service's instances, for a band. */
export interface Shares {
  up: number;
  /** Healthy, but without traffic. */
  out: number;
  unhealthy: number;
}

/** Returns the shares of a service. An unhealthy instance is never available. */
export const sharesOf = ({ instances, healthy, available }: ServiceSummary): Shares => ({
  up: available,
  out: Math.max(0, healthy - available),
  unhealthy: instances - healthy,
});

/** Verdict on a service, the gravest first: the order of the list. */
export type Verdict = 'no-traffic' | 'unhealthy' | 'out' | 'empty' | 'up';

/** Returns the verdict on a service. */
export function verdictOf({ instances, healthy, available }: ServiceSummary): Verdict {
  if (instances === 0) return 'empty';
  if (available === 0) return 'no-traffic';
  if (healthy < instances) return 'unhealthy';
  return available < healthy ? 'out' : 'up';
}

const GRAVITY: Record<Verdict, number> = { 'no-traffic': 0, unhealthy: 1, out: 2, up: 3, empty: 3 };

/** Compares two services for a list: the gravest first, then by group and name. */
export const worstFirst = (one: ServiceSummary, other: ServiceSummary): number =>
  GRAVITY[verdictOf(one)] - GRAVITY[verdictOf(other)] ||
  one.available / (one.instances || 1) - other.available / (other.instances || 1) ||
  byName(one, other);

/** Compares two services by name and group. */
export const byName = (one: ServiceSummary, other: ServiceSummary): number =>
  compare(one.name, other.name) || compare(one.group, other.group);

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
