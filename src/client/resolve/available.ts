import type { Instance } from '../wire/instance';

/** Which instances a resolver is about. What it does not name does not matter. */
export interface InstanceFilter {
  readonly cluster?: string | undefined;
  readonly tag?: string | undefined;
  readonly version?: string | undefined;
  /** Each of these entries, as it is. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

function passes(instance: Instance, { cluster, tag, version, metadata = {} }: InstanceFilter): boolean {
  return (
    (cluster === undefined || instance.cluster === cluster) &&
    (tag === undefined || instance.tags.includes(tag)) &&
    (version === undefined || instance.version === version) &&
    Object.entries(metadata).every(([key, value]) => instance.metadata[key] === value)
  );
}

/** All but health speaks for it. */
const isEligible = ({ available, enabled, quarantined, status, weight }: Instance): boolean =>
  available || (enabled && !quarantined && status === 'up' && weight > 0);

/**
 * Who takes traffic, as the registry's own `resolve` decides it: those available; or all that are eligible, healthy or
 * not, where the healthy share of those is below the service's threshold. The filter comes first.
 */
export function availableOf(
  instances: Iterable<Instance>,
  filter: InstanceFilter | undefined,
  protectThreshold: number,
): { instances: Instance[]; isProtected: boolean } {
  const eligible: Instance[] = [];
  for (const instance of instances) {
    if (isEligible(instance) && (filter === undefined || passes(instance, filter))) eligible.push(instance);
  }
  const available = eligible.filter((instance) => instance.available);
  const isProtected = eligible.length > 0 && available.length / eligible.length < protectThreshold;
  return { instances: isProtected ? eligible : available, isProtected };
}
