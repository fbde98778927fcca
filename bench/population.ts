import type { BenchServer } from './bench-server';
import type { LoadRequest } from './load';
import { type ReferenceOptions, referenceInstance } from './reference-instance';

/** Sizes that services have in turn. */
const SERVICE_SIZES = [20, 40, 80, 60, 100] as const;
const CYCLE = SERVICE_SIZES.reduce((sum, size) => sum + size, 0);

/** Size of the services that {@link servicesOfTwenty} names. */
export const RESOLVED_COUNT = SERVICE_SIZES[0];

/** Instances of a batch. */
export const BATCH_COUNT = 1_000;
export const NAMESPACE_PATH = '/api/v1/ns/public';

/** Returns the name of service `index`. All names have the same length. */
function serviceName(index: number): string {
  return `service-${String(index).padStart(5, '0')}`;
}

/** Returns the path of a service in the default group. */
export function servicePath(service: string): string {
  return `${NAMESPACE_PATH}/groups/DEFAULT_GROUP/services/${service}`;
}

/** Returns the service and id of instance `n`, in a namespace filled from 0 with services of 20 to 100 instances. */
export function placeOf(n: number): { service: string; id: string } {
  let rest = n % CYCLE;
  let index = Math.floor(n / CYCLE) * SERVICE_SIZES.length;
  for (const size of SERVICE_SIZES) {
    if (rest < size) break;
    rest -= size;
    index += 1;
  }
  return { service: serviceName(index), id: `instance-${String(n).padStart(7, '0')}` };
}

/** Returns the path of instance `n`. */
export function instancePath(n: number): string {
  const { service, id } = placeOf(n);
  return `${servicePath(service)}/instances/${id}`;
}

/** Returns the request that registers instance `n`. */
export function registration(n: number, options: ReferenceOptions = {}): LoadRequest & { body: string } {
  return { path: instancePath(n), body: JSON.stringify(referenceInstance(n, options)) };
}

/** Returns the services of exactly 20 instances in a namespace filled with `count`. */
export function servicesOfTwenty(count: number): string[] {
  const services = [];
  for (let index = 0, first = 0; first + RESOLVED_COUNT <= count; index += SERVICE_SIZES.length, first += CYCLE) {
    services.push(serviceName(index));
  }
  return services;
}

/** Returns the body of a batch that registers the instances from `first` up to `end`, exclusive. */
export function registrationBatch(first: number, end: number, options: ReferenceOptions): string {
  const operations = [];
  for (let n = first; n < end; n++) {
    operations.push({ op: 'register', ...placeOf(n), ...referenceInstance(n, options) });
  }
  return JSON.stringify({ operations });
}

/**
 * Fills a namespace with instances 0 to `count` - 1.
 *
 * @param options With a long lease the instances outlive the run; otherwise the load must renew them.
 * @throws {Error} if the namespace does not have exactly that many instances afterwards.
 */
export async function fill(server: BenchServer, count: number, options: ReferenceOptions): Promise<void> {
  for (let first = 0; first < count; first += BATCH_COUNT) {
    const body = registrationBatch(first, Math.min(first + BATCH_COUNT, count), options);
    await server.must('POST', `${NAMESPACE_PATH}/batch`, body);
  }
  const { instances } = await server.stats();
  if (instances !== count) throw new Error(`${count} instances were registered, but stats report ${instances}`);
}
