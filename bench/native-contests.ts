import type { BenchServer } from './bench-server';
import type { Contest } from './contest';
import { instancePath, RESOLVED_COUNT, registration, servicePath, servicesOfTwenty } from './population';

/** Number of instances renewed in turn. */
const RENEWED_COUNT = 1_000;

/** Throws if a condition of an answer fails, with the beginning of the answer. */
export function expect(holds: boolean, what: string, answer: string): void {
  if (!holds) throw new Error(`${what}; got ${answer.slice(0, 300)}`);
}

/** Registers the instances that are renewed. */
export async function registerRenewed(
  registry: BenchServer,
  request: (n: number) => [method: string, path: string, body: string],
): Promise<void> {
  for (let first = 0; first < RENEWED_COUNT; first += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => registry.must(...request(first + n))));
  }
}

/** Settings of a contest that renews the instances of {@link registerRenewed}. */
export const renewed: Pick<Contest, 'population' | 'cycle' | 'verify'> = {
  population: 0,
  cycle: RENEWED_COUNT,
  verify: (before, after, answered) => {
    const renewals = after.sinceStart.renewals - before.sinceStart.renewals;
    if (renewals < answered) throw new Error(`${answered} heartbeats were answered, and ${renewals} leases renewed`);
    if (after.revision !== before.revision) throw new Error('a heartbeat made a revision');
  },
};

/** Settings of a contest in which each request registers a new instance. The check has registered one before. */
export const made: Pick<Contest, 'population' | 'fresh' | 'verify'> = {
  population: 0,
  fresh: true,
  verify: (before, after, answered) => {
    const count = after.instances - before.instances;
    if (count <= answered) throw new Error(`${answered} instances were registered; ${count} exist`);
  },
};

/** Returns the native renewals to compare a dialect's heartbeats with. */
export const nativeRenew = (dialect: string): Contest => ({
  ...renewed,
  name: `${dialect}-renew-native`,
  title: 'Heartbeat, one lease a request',
  method: 'POST',
  prepare: (registry) =>
    registerRenewed(registry, (n) => {
      const { path, body } = registration(n, { longLease: true });
      return ['PUT', path, body];
    }),
  request: (n) => ({ path: `${instancePath(n)}/heartbeat`, body: '' }),
  check: (answer) => expect(answer.includes('expiresAt'), 'a heartbeat returns the end of the lease', answer),
});

/** Returns the native registrations to compare a dialect's registrations with. */
export const nativeRegister = (dialect: string): Contest => ({
  ...made,
  name: `${dialect}-register-native`,
  title: 'Register, new instances, durable',
  method: 'PUT',
  request: (n) => registration(n),
  check: (answer) => expect(answer.includes('"available":true'), 'a new instance is available', answer),
});

/** Number of instances for lists: a namespace of typical size. */
const POPULATION = 10_000;

/** Returns the settings of reading services of twenty instances in turn. */
export function listing(
  path: (service: string) => string,
): Pick<Contest, 'method' | 'population' | 'cycle' | 'request'> {
  const services = servicesOfTwenty(POPULATION);
  return {
    method: 'GET',
    population: POPULATION,
    cycle: services.length,
    request: (n) => ({ path: path(services[n % services.length] ?? '') }),
  };
}

/** Returns the native lists to compare a dialect's with. @param name Name of the contest. */
export const nativeList = (name: string): Contest => ({
  ...listing((service) => `${servicePath(service)}/instances`),
  name,
  title: `List, ${RESOLVED_COUNT} instances`,
  check: (answer) =>
    expect(answer.split('"address"').length === RESOLVED_COUNT + 1, 'a list shows all instances', answer),
});
