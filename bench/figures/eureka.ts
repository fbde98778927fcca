import type { Contest } from '../contest';
import { LISTED_COUNT, LISTED_PATH, registerListed } from '../listed-service';
import { expect, made, nativeRegister, nativeRenew, registerRenewed, renewed } from '../native-contests';
import { NATIVE, type PairedContest, pairedFigure } from '../paired-contest';
import { placeOf, RESOLVED_COUNT, servicePath } from '../population';
import { referenceInstance } from '../reference-instance';

/** Leases longer than the run, because renewing an expired lease is a change, which is another figure. */
const LONG_LEASE = { renewalIntervalInSecs: 30, durationInSecs: 86_400 };

/** Time of the instance's last change by its client's clock, which each heartbeat carries. */
const LAST_DIRTY = 1_700_000_000_000;

const appPath = (n: number) => `/eureka/apps/${placeOf(n).service.toUpperCase()}`;

/** Returns instance `n` as Spring's client writes it, with the address and the metadata of the reference instance. */
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

const renew: Contest = {
  ...renewed,
  name: 'eureka-renew',
  title: "Eureka: renew, as Java's client sends it",
  method: 'PUT',
  prepare: (registry) =>
    registerRenewed(registry, (n) => {
      const { path, body } = eurekaRegistration(n);
      return ['POST', path, body];
    }),
  request: (n) => ({
    path: `${appPath(n)}/${placeOf(n).id}?status=UP&lastDirtyTimestamp=${LAST_DIRTY}`,
    body: '',
  }),
  check: (answer) => expect(answer === '', 'a heartbeat has an empty response', answer),
};

const register: Contest = {
  ...made,
  name: 'eureka-register',
  title: 'Eureka: register, new instances, durable',
  method: 'POST',
  request: eurekaRegistration,
  check: (answer) => expect(answer === '', 'a registration has an empty response', answer),
};

/** Settings of reading lists of {@link LISTED_COUNT} instances without changes in between. */
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
  check: (answer) =>
    expect(answer.split('"address"').length === LISTED_COUNT + 1, 'a list shows all instances', answer),
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

/** Number of changed instances, few enough to fit into the delta that a client reads every 30 s. */
const CHANGED_COUNT = RESOLVED_COUNT;

const nativeChanged: Contest = {
  name: 'eureka-delta-native',
  title: `List, ${CHANGED_COUNT} instances`,
  method: 'GET',
  population: CHANGED_COUNT,
  cycle: 1,
  request: () => ({ path: `${servicePath(placeOf(0).service)}/instances` }),
  check: (answer) =>
    expect(answer.split('"address"').length === CHANGED_COUNT + 1, 'a list shows all instances', answer),
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

/** Measures the most frequent calls of Eureka's clients against the native calls for the same work. */
export const eureka = pairedFigure(
  'eureka',
  [
    { floor: nativeRenew('eureka'), contest: renew },
    { floor: nativeRegister('eureka'), contest: register },
    { floor: nativeChanged, contest: delta },
    { floor: nativeList, contest: full, isLarge: true },
  ] satisfies PairedContest[],
  NATIVE,
);
