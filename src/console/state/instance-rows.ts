import type { Instance } from '../../client/wire/instance';
import { endpointOf, STATES, type State, stateOf } from './instance-state';

/** Number of instances in each state. */
export type StateCounts = Record<State, number>;

/** Counts of a list of instances. */
export interface InstanceCounts {
  instances: number;
  healthy: number;
  available: number;
  states: StateCounts;
}

/** Counts instances, as the registry counts those of a service. */
export function countsOf(all: Iterable<Instance>): InstanceCounts {
  const states: StateCounts = { gone: 0, draining: 0, quarantined: 0, unhealthy: 0, starting: 0, out: 0, up: 0 };
  const counts: InstanceCounts = { instances: 0, healthy: 0, available: 0, states };
  for (const instance of all) {
    counts.instances += 1;
    if (instance.healthy) counts.healthy += 1;
    if (instance.available) counts.available += 1;
    states[stateOf(instance)] += 1;
  }
  return counts;
}

/** Reports whether an instance matches a search in lower case: by id, address, place, version or tag. */
export function isFound(instance: Instance, find: string): boolean {
  const { id, node, version, cluster, location, tags } = instance;
  const texts = [id, endpointOf(instance), node, version, cluster, location?.zone, ...tags];
  return texts.some((text) => text?.toLowerCase().includes(find));
}

// `as`: the keys are the states
const GRAVITY = Object.fromEntries(STATES.map((state, index) => [state, index])) as Record<State, number>;
const order = new Intl.Collator('en', { numeric: true });

/** Compares two instances for a list: the gravest first, then by id, where 2 is before 10. */
export const worstInstanceFirst = (one: Instance, other: Instance): number =>
  GRAVITY[stateOf(one)] - GRAVITY[stateOf(other)] || order.compare(one.id, other.id);
