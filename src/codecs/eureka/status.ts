import type { InstanceStatus, InstanceView } from '../../model/instance';

/** Eureka's statuses, as it writes them. */
export const STATUSES = ['UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN'] as const;
export type EurekaStatus = (typeof STATUSES)[number];

/** The core's words for what an instance says of itself. The core has no unknown state: that takes no traffic. */
const TO_CORE = {
  UP: 'up',
  DOWN: 'down',
  STARTING: 'starting',
  OUT_OF_SERVICE: 'out-of-service',
  UNKNOWN: 'down',
} as const satisfies Record<EurekaStatus, InstanceStatus>;

const FROM_CORE = {
  up: 'UP',
  down: 'DOWN',
  starting: 'STARTING',
  'out-of-service': 'OUT_OF_SERVICE',
  draining: 'OUT_OF_SERVICE',
} as const satisfies Record<InstanceStatus, EurekaStatus>;

/** Reads a status in any case; one that is not known is `UNKNOWN`, as Eureka's own decoder has it. */
export function readStatus(text: string): EurekaStatus {
  const upper = text.toUpperCase();
  return STATUSES.find((status) => status === upper) ?? 'UNKNOWN';
}

/** Reads the status that a status call names: exactly one of the five. Undefined for anything else. */
export function namedStatus(text: string | undefined): EurekaStatus | undefined {
  return STATUSES.find((status) => status === text);
}

/** Returns the core's word for a status. */
export function coreStatus(status: EurekaStatus): InstanceStatus {
  return TO_CORE[status];
}

/** Returns the status that counts, the instance's own word and the operator's together, before its health is looked at. */
export function statedStatus({ status }: Pick<InstanceView, 'status'>): EurekaStatus {
  return FROM_CORE[status];
}

/**
 * Returns the status that clients are shown: `UP` for what takes traffic, and nothing else.
 *
 * @param keepsLease True: registered through Eureka's door. Eureka shows such an instance as it last was until it is
 * evicted; one of another door that has missed its heartbeats is down.
 */
export function shownStatus(instance: InstanceView, keepsLease: boolean): EurekaStatus {
  if (!instance.enabled || instance.quarantined) return 'OUT_OF_SERVICE';
  const stated = statedStatus(instance);
  if (stated !== 'UP') return stated;
  if (instance.weight === 0) return 'OUT_OF_SERVICE';
  return instance.healthy || keepsLease ? 'UP' : 'DOWN';
}

/** Counts how many instances have which status, as clients do over their own copy: `DOWN_1_UP_7_`. Empty for none. */
export function statusHash(statuses: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts.keys()]
    .sort()
    .map((status) => `${status}_${counts.get(status)}_`)
    .join('');
}
