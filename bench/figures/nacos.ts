import type { Contest } from '../contest';
import {
  expect,
  listing,
  made,
  nativeList,
  nativeRegister,
  nativeRenew,
  registerRenewed,
  renewed,
} from '../native-contests';
import { NATIVE, type PairedContest, pairedFigure } from '../paired-contest';
import { placeOf, RESOLVED_COUNT } from '../population';
import { referenceInstance } from '../reference-instance';

/** Leases longer than the run, because a heartbeat after the lease has expired is a change, which is another figure. */
const LONG_LEASE = { 'preserved.heart.beat.timeout': '86400000', 'preserved.ip.delete.timeout': '86400000' };

const INSTANCE = '/nacos/v1/ns/instance';
const grouped = (service: string) => encodeURIComponent(`DEFAULT_GROUP@@${service}`);

/** Returns the query of a registration as Nacos' client for Node writes it. */
function registrationQuery(n: number, more: Record<string, string> = {}): string {
  const { address, port, metadata } = referenceInstance(n);
  const text = encodeURIComponent(JSON.stringify({ ...Object(metadata), ...more }));
  return `namespaceId=public&serviceName=${grouped(placeOf(n).service)}&groupName=DEFAULT_GROUP&clusterName=DEFAULT&ip=${address}&port=${port}&weight=1&enable=true&healthy=true&ephemeral=true&metadata=${text}`;
}

/** Returns the query of a heartbeat as that client writes it, with the complete instance. */
function beatQuery(n: number): string {
  const { address, port, metadata } = referenceInstance(n);
  const serviceName = `DEFAULT_GROUP@@${placeOf(n).service}`;
  const beat = { serviceName, ip: address, port, cluster: 'DEFAULT', weight: 1, metadata, scheduled: true };
  return `beat=${encodeURIComponent(JSON.stringify(beat))}&namespaceId=public&serviceName=${encodeURIComponent(serviceName)}`;
}

const beat: Contest = {
  ...renewed,
  name: 'nacos-beat',
  title: "Nacos: beat with all of the instance, as Node's client sends it",
  method: 'PUT',
  prepare: (registry) =>
    registerRenewed(registry, (n) => ['POST', `${INSTANCE}?${registrationQuery(n, LONG_LEASE)}`, '']),
  request: (n) => ({ path: `${INSTANCE}/beat?${beatQuery(n)}`, body: '' }),
  check: (answer) => expect(answer.includes('"code":10200'), 'a heartbeat is accepted', answer),
};

const register: Contest = {
  ...made,
  name: 'nacos-register',
  title: 'Nacos: register, new instances, durable',
  method: 'POST',
  request: (n) => ({ path: `${INSTANCE}?${registrationQuery(n)}`, body: '' }),
  check: (answer) => expect(answer === 'ok', 'a new instance is ok', answer),
};

const list: Contest = {
  ...listing(
    (service) =>
      `${INSTANCE}/list?namespaceId=public&serviceName=${grouped(service)}&clusters=DEFAULT&udpPort=45678&clientIP=10.0.0.9&healthyOnly=false`,
  ),
  name: 'nacos-list',
  title: `Nacos: list of ${RESOLVED_COUNT} instances, polled by a subscriber`,
  check: (answer) => expect(answer.split('"ip"').length === RESOLVED_COUNT + 1, 'a list shows all instances', answer),
};

/** The most frequent calls of Nacos' clients, against the native calls for the same work. */
const nacosContests: readonly PairedContest[] = [
  { floor: nativeRenew('nacos'), contest: beat },
  { floor: nativeRegister('nacos'), contest: register },
  { floor: nativeList('nacos-list-native'), contest: list },
];

export const nacos = pairedFigure('nacos', nacosContests, NATIVE);
