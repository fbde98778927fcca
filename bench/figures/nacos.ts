import type { BenchServer } from '../bench-server';
import type { Contest } from '../contest';
import { type DialectContest, dialectFigure } from '../dialect-contest';
import { instancePath, placeOf, RESOLVED_COUNT, registration, servicePath, servicesOfTwenty } from '../population';
import { referenceInstance } from '../reference-instance';

/** Instances that are renewed in turn. */
const RENEWED_COUNT = 1_000;

/** A namespace of ordinary size, for lists. */
const POPULATION = 10_000;

/** Leases that outlive the run: a beat after its time is a change, and another figure. */
const LONG_LEASE = { 'preserved.heart.beat.timeout': '86400000', 'preserved.ip.delete.timeout': '86400000' };

const INSTANCE = '/nacos/v1/ns/instance';
const grouped = (service: string) => encodeURIComponent(`DEFAULT_GROUP@@${service}`);

/** Query of a registration as Nacos' client for Node writes it. */
function registrationQuery(n: number, more: Record<string, string> = {}): string {
  const { address, port, metadata } = referenceInstance(n);
  const text = encodeURIComponent(JSON.stringify({ ...Object(metadata), ...more }));
  return `namespaceId=public&serviceName=${grouped(placeOf(n).service)}&groupName=DEFAULT_GROUP&clusterName=DEFAULT&ip=${address}&port=${port}&weight=1&enable=true&healthy=true&ephemeral=true&metadata=${text}`;
}

/** Query of a beat as it writes it: always with all of the instance. */
function beatQuery(n: number): string {
  const { address, port, metadata } = referenceInstance(n);
  const serviceName = `DEFAULT_GROUP@@${placeOf(n).service}`;
  const beat = { serviceName, ip: address, port, cluster: 'DEFAULT', weight: 1, metadata, scheduled: true };
  return `beat=${encodeURIComponent(JSON.stringify(beat))}&namespaceId=public&serviceName=${encodeURIComponent(serviceName)}`;
}

function expect(holds: boolean, what: string, answer: string): void {
  if (!holds) throw new Error(`${what}; got ${answer.slice(0, 300)}`);
}

async function registerAll(registry: BenchServer, path: (n: number) => [method: string, path: string, body: string]) {
  for (let first = 0; first < RENEWED_COUNT; first += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => registry.must(...path(first + n))));
  }
}

const renewed: Pick<Contest, 'population' | 'cycle' | 'verify'> = {
  population: 0,
  cycle: RENEWED_COUNT,
  verify: (before, after, answered) => {
    const renewals = after.sinceStart.renewals - before.sinceStart.renewals;
    if (renewals < answered) throw new Error(`${answered} beats were answered, and ${renewals} leases renewed`);
    if (after.revision !== before.revision) throw new Error('a beat made a revision');
  },
};

const nativeBeat: Contest = {
  ...renewed,
  name: 'nacos-beat-native',
  title: 'Heartbeat, one lease a request',
  method: 'POST',
  prepare: (registry) =>
    registerAll(registry, (n) => {
      const { path, body } = registration(n, { longLease: true });
      return ['PUT', path, body];
    }),
  request: (n) => ({ path: `${instancePath(n)}/heartbeat`, body: '' }),
  check: (answer) => expect(answer.includes('expiresAt'), 'a heartbeat says when the lease ends', answer),
};

const beat: Contest = {
  ...renewed,
  name: 'nacos-beat',
  title: "Nacos: beat with all of the instance, as Node's client sends it",
  method: 'PUT',
  prepare: (registry) => registerAll(registry, (n) => ['POST', `${INSTANCE}?${registrationQuery(n, LONG_LEASE)}`, '']),
  request: (n) => ({ path: `${INSTANCE}/beat?${beatQuery(n)}`, body: '' }),
  check: (answer) => expect(answer.includes('"code":10200'), 'a beat is heard', answer),
};

const made: Pick<Contest, 'population' | 'fresh' | 'verify'> = {
  population: 0,
  fresh: true,
  verify: (before, after, answered) => {
    const count = after.instances - before.instances;
    if (count <= answered)
      throw new Error(`${answered} instances and that of the check were registered; ${count} are there`);
  },
};

const nativeRegister: Contest = {
  ...made,
  name: 'nacos-register-native',
  title: 'Register, new instances, durable',
  method: 'PUT',
  request: (n) => registration(n),
  check: (answer) => expect(answer.includes('"available":true'), 'a new instance is available', answer),
};

const register: Contest = {
  ...made,
  name: 'nacos-register',
  title: 'Nacos: register, new instances, durable',
  method: 'POST',
  request: (n) => ({ path: `${INSTANCE}?${registrationQuery(n)}`, body: '' }),
  check: (answer) => expect(answer === 'ok', 'a new instance is ok', answer),
};

/** Lists of services of twenty instances, in turn. */
function listing(path: (service: string) => string): Pick<Contest, 'method' | 'population' | 'cycle' | 'request'> {
  const services = servicesOfTwenty(POPULATION);
  return {
    method: 'GET',
    population: POPULATION,
    cycle: services.length,
    request: (n) => ({ path: path(services[n % services.length] ?? '') }),
  };
}

const nativeList: Contest = {
  ...listing((service) => `${servicePath(service)}/instances`),
  name: 'nacos-list-native',
  title: `List, ${RESOLVED_COUNT} instances`,
  check: (answer) => expect(answer.split('"address"').length === RESOLVED_COUNT + 1, 'a list shows all', answer),
};

const list: Contest = {
  ...listing(
    (service) =>
      `${INSTANCE}/list?namespaceId=public&serviceName=${grouped(service)}&clusters=DEFAULT&udpPort=45678&clientIP=10.0.0.9&healthyOnly=false`,
  ),
  name: 'nacos-list',
  title: `Nacos: list of ${RESOLVED_COUNT} instances, polled by a subscriber`,
  check: (answer) => expect(answer.split('"ip"').length === RESOLVED_COUNT + 1, 'a list shows all', answer),
};

/** What Nacos' clients send most, against the native calls for the same work. */
export const nacosContests: readonly DialectContest[] = [
  { native: nativeBeat, dialect: beat },
  { native: nativeRegister, dialect: register },
  { native: nativeList, dialect: list },
];

export const nacos = dialectFigure('nacos', nacosContests);
