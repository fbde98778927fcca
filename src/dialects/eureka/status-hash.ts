import type { EurekaStatus } from './status';

/** How many instances have which status, as clients count them over their own copy: `DOWN_1_UP_7_`. Empty for none. */
export function statusHash(statuses: Iterable<EurekaStatus>): string {
  const counts = new Map<EurekaStatus, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts.keys()]
    .sort()
    .map((status) => `${status}_${counts.get(status)}_`)
    .join('');
}
