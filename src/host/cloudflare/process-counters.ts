import { type Counters, newCounters } from '../../core/platform/counters';

/** Of the namespaces that were awake in this process: a few hundred bytes each, for as many as one machine has. */
const kept = new Map<string, Counters>();

/**
 * What a namespace counts in, for as long as this process lasts. The platform takes a quiet object out of memory after ten
 * seconds, which is less than the time between two scrapes: what it counted must not go with it.
 *
 * @param objectId Id of its Durable Object.
 * @param now Milliseconds since the epoch.
 */
export function processCounters(objectId: string, now: number): Counters {
  const known = kept.get(objectId);
  if (known !== undefined) return known;
  const counters = newCounters(now);
  kept.set(objectId, counters);
  return counters;
}
