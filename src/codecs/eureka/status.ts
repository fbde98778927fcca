import type { InstanceStatus, InstanceView } from '../../model/instance';

/** Statuses of Eureka. */
export const STATUSES = ['UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN'] as const;
export type EurekaStatus = (typeof STATUSES)[number];

/** Statuses of the core by those of Eureka. The core has no unknown status; such an instance gets no traffic. */
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

/** Parses a status in any case. An unknown one becomes `UNKNOWN`, as in Eureka's own decoder. */
export function readStatus(text: string): EurekaStatus {
  const upper = text.toUpperCase();
  return STATUSES.find((status) => status === upper) ?? 'UNKNOWN';
}

/** Parses the status in a status call: exactly one of the five. Undefined for anything else. */
export function namedStatus(text: string | undefined): EurekaStatus | undefined {
  return STATUSES.find((status) => status === text);
}

/** Returns the core's status for one of Eureka. */
export function coreStatus(status: EurekaStatus): InstanceStatus {
  return TO_CORE[status];
}

/** Returns the status that the instance and the operator together set, before health is taken into account. */
export function statedStatus({ status }: Pick<InstanceView, 'status'>): EurekaStatus {
  return FROM_CORE[status];
}

/**
 * Returns the status that clients see: `UP` only for instances that get traffic.
 *
 * @param keepsLease True: registered through the Eureka API. Eureka shows such an instance with its last status until it
 * is evicted. An instance of another API that has missed its heartbeats is down.
 */
export function shownStatus(instance: InstanceView, keepsLease: boolean): EurekaStatus {
  if (!instance.enabled || instance.quarantined) return 'OUT_OF_SERVICE';
  const stated = statedStatus(instance);
  if (stated !== 'UP') return stated;
  if (instance.weight === 0) return 'OUT_OF_SERVICE';
  return instance.healthy || keepsLease ? 'UP' : 'DOWN';
}

/** Counts instances by status, as clients do for their own copy: `DOWN_1_UP_7_`. Empty without instances. */
export function statusHash(statuses: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts.keys()]
    .sort()
    .map((status) => `${status}_${counts.get(status)}_`)
    .join('');
}
