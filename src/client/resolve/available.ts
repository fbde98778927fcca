import type { Instance } from '../wire/instance';

/** Filter of a resolver's instances. Members that are left out match any value. */
export interface InstanceFilter {
  readonly cluster?: string | undefined;
  readonly tag?: string | undefined;
  readonly version?: string | undefined;
  /** Entries that the metadata must contain. */
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

/** Reports whether an instance is available, or would be if it were healthy. */
const isEligible = ({ available, enabled, quarantined, status, weight }: Instance): boolean =>
  available || (enabled && !quarantined && status === 'up' && weight > 0);

/**
 * Returns the instances that take traffic, by the same rule as the registry's `resolve`: the available ones; or all
 * eligible ones, healthy or not, if the healthy share of those is below the service's threshold. The filter is applied
 * first.
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
