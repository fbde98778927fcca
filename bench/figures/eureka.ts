import type { BenchServer } from '../bench-server';
import type { Contest } from '../contest';
import { type DialectContest, dialectFigure } from '../dialect-contest';
import { LISTED_COUNT, LISTED_PATH, registerListed } from '../listed-service';
import { instancePath, placeOf, RESOLVED_COUNT, registration, servicePath } from '../population';
import { referenceInstance } from '../reference-instance';

/** Instances that are renewed in turn. */
const RENEWED_COUNT = 1_000;

/** Leases that outlive the run: a renewal after its time is a change, and another figure. */
const LONG_LEASE = { renewalIntervalInSecs: 30, durationInSecs: 86_400 };

/** By the clock of the client that wrote the instance; each of its beats bears it. */
const LAST_DIRTY = 1_700_000_000_000;

const appPath = (n: number) => `/eureka/apps/${placeOf(n).service.toUpperCase()}`;

/** Instance `n` as Spring's client writes it, with the address and the metadata of the reference instance. */
function eurekaRegistration(n: number): { path: string; body: string } {
  const { service, id } = placeOf(n);
  const { address, port, metadata } = referenceInstance(n);
  const url = `http://${String(address)}:${String(port)}`;
  const instance = {
    instanceId: id,
    hostName: address,
    app: service.toUpperCase(),
    ipAddr: address,
    status: 'UP',
    overriddenStatus: 'UNKNOWN',
    port: { $: port, '@enabled': 'true' },
    securePort: { $: 443, '@enabled': 'false' },
    countryId: 1,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    leaseInfo: LONG_LEASE,
    metadata,
    homePageUrl: `${url}/`,
    statusPageUrl: `${url}/actuator/info`,
    healthCheckUrl: `${url}/actuator/health`,
    vipAddress: service,
    secureVipAddress: service,
    isCoordinatingDiscoveryServer: 'false',
    lastDirtyTimestamp: String(LAST_DIRTY),
  };
  return { path: appPath(n), body: JSON.stringify({ instance }) };
}

function expect(holds: boolean, what: string, answer: string): void {
  if (!holds) throw new Error(`${what}; got ${answer.slice(0, 300)}`);
}

/** Registers the instances that are renewed. */
async function registerAll(
  registry: BenchServer,
  request: (n: number) => [method: string, path: string, body: string],
) {
  for (let first = 0; first < RENEWED_COUNT; first += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => registry.must(...request(first + n))));
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

const nativeRenew: Contest = {
  ...renewed,
  name: 'eureka-renew-native',
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

const renew: Contest = {
  ...renewed,
  name: 'eureka-renew',
  title: "Eureka: renew, as Java's client sends it",
  method: 'PUT',
  prepare: (registry) =>
    registerAll(registry, (n) => {
      const { path, body } = eurekaRegistration(n);
      return ['POST', path, body];
    }),
  request: (n) => ({
    path: `${appPath(n)}/${placeOf(n).id}?status=UP&lastDirtyTimestamp=${LAST_DIRTY}`,
    body: '',
  }),
  check: (answer) => expect(answer === '', 'a beat is answered with nothing', answer),
};

const made: Pick<Contest, 'population' | 'fresh' | 'verify'> = {
  population: 0,
  fresh: true,
  verify: (before, after, answered) => {
    const count = after.instances - before.instances;
    if (count <= answered) throw new Error(`${answered} instances were registered; ${count} are there`);
  },
};

const nativeRegister: Contest = {
  ...made,
  name: 'eureka-register-native',
  title: 'Register, new instances, durable',
  method: 'PUT',
  request: (n) => registration(n),
  check: (answer) => expect(answer.includes('"available":true'), 'a new instance is available', answer),
};

const register: Contest = {
  ...made,
  name: 'eureka-register',
  title: 'Eureka: register, new instances, durable',
  method: 'POST',
  request: eurekaRegistration,
  check: (answer) => expect(answer === '', 'a registration is answered with nothing', answer),
};

/** Lists of {@link LISTED_COUNT} instances that did not change since the last one. */
const listed: Pick<Contest, 'method' | 'population' | 'cycle' | 'prepare'> = {
  method: 'GET',
  population: 0,
  cycle: 1,
  prepare: registerListed,
};

const nativeList: Contest = {
  ...listed,
  name: 'eureka-list-native',
  title: `List, ${LISTED_COUNT} instances, unchanged since the last list`,
  request: () => ({ path: LISTED_PATH }),
  check: (answer) => expect(answer.split('"address"').length === LISTED_COUNT + 1, 'a list shows all', answer),
};

const shows = (count: number) => (answer: string) =>
  expect(answer.split('"instanceId"').length === count + 1, `a list shows ${count} instances`, answer);

const full: Contest = {
  ...listed,
  name: 'eureka-full',
  title: `Eureka: full fetch of ${LISTED_COUNT} instances, unchanged since the last one`,
  request: () => ({ path: '/eureka/apps/' }),
  check: shows(LISTED_COUNT),
};

/** Small enough that all of it fits into what a client reads every 30 s. */
const CHANGED_COUNT = RESOLVED_COUNT;

const nativeChanged: Contest = {
  name: 'eureka-delta-native',
  title: `List, ${CHANGED_COUNT} instances`,
  method: 'GET',
  population: CHANGED_COUNT,
  cycle: 1,
  request: () => ({ path: `${servicePath(placeOf(0).service)}/instances` }),
  check: (answer) => expect(answer.split('"address"').length === CHANGED_COUNT + 1, 'a list shows all', answer),
};

const delta: Contest = {
  name: 'eureka-delta',
  title: `Eureka: delta with ${CHANGED_COUNT} instances`,
  method: 'GET',
  population: CHANGED_COUNT,
  cycle: 1,
  request: () => ({ path: '/eureka/apps/delta' }),
  check: shows(CHANGED_COUNT),
};

/** What Eureka's clients send most, against the native calls for the same work. */
export const eureka = dialectFigure('eureka', [
  { native: nativeRenew, dialect: renew },
  { native: nativeRegister, dialect: register },
  { native: nativeChanged, dialect: delta },
  { native: nativeList, dialect: full, isLarge: true },
] satisfies DialectContest[]);
