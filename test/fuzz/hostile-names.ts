import fc from 'fast-check';
import type { Grant } from '../../src/model/grant';
import type { Target } from './exchange';
import { escaped, type FuzzRequest } from './fuzz-request';
import { maybe, mostly } from './odds';
import type { Sender } from './principals';

/** A sender with known grants, on a few services only. */
export interface LimitedSender extends Sender {
  tokenId: string;
  grants: readonly Grant[];
}

/** Grants on names that are close together in every spelling that could be mistaken for another. */
const GRANTS: Record<string, Grant[]> = {
  'register own': [{ scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@own'] }],
  'register own and carts': [{ scope: 'register', ns: '*', services: ['DEFAULT_GROUP@@own', 'DEFAULT_GROUP@@carts'] }],
  'register the team': [{ scope: 'register', ns: '*', services: ['team@@*'] }],
  'register names with the prefix own': [
    { scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@own*', 'team@@own'] },
  ],
  'operate own': [{ scope: 'operate', ns: 'public', services: ['DEFAULT_GROUP@@own'] }],
};

/** Creates a token for each of these grants. */
export async function makeLimitedSenders(target: Target): Promise<[LimitedSender, ...LimitedSender[]]> {
  const make = async ([name, grants]: [string, Grant[]]): Promise<LimitedSender> => {
    const { id, token } = await target.must<{ id: string; token: string }>('POST', '/api/v1/tokens', { name, grants });
    return { name, tokenId: id, secret: token, carrier: 'header', grants };
  };
  const [first, ...others] = await Promise.all(Object.entries(GRANTS).map(make));
  if (first === undefined) throw new Error('there are no grants');
  return [first, ...others];
}

const GROUPS = [
  'DEFAULT_GROUP',
  'DEFAULT_GROUP',
  'DEFAULT_GROUP',
  'team',
  'team',
  'team@',
  'DEFAULT_GROUP@',
  '@',
  'a@@b',
] as const;
/** None has upper-case letters: Eureka's clients treat names that differ in case as one application. */
const SERVICES = [
  'own',
  'own',
  'own',
  'own-2',
  'carts',
  'victim',
  '@own',
  'team@@own',
  '@@own',
  'own@',
  'own@@x',
] as const;
/** Virtual addresses, in the spellings that clients compare alike. */
const ADDRESSES = [
  'own',
  'OWN',
  'victim',
  'VICTIM',
  ' victim',
  'carts',
  'team@@own',
  'Team@@Victim',
  'own@@x',
  '',
] as const;
const JSON_TYPE: [string, string][] = [['Content-Type', 'application/json']];

const namespaces = fc.constantFrom('public', 'public', 'fuzz');
const groups = fc.constantFrom(...GROUPS);
const services = fc.constantFrom(...SERVICES);
const ids = fc.constantFrom('h1', 'h2', 'h3', 'h4');
/** Service names as clients write them: with or without the group in front. */
const names = mostly(
  0.6,
  services,
  fc.tuple(groups, services).map((both) => both.join('@@')),
);
const addressLists = fc
  .array(fc.constantFrom(...ADDRESSES), { minLength: 1, maxLength: 3 })
  .map((addresses) => addresses.join(','));
const addresses = fc.record({ vipAddress: maybe(0.6, addressLists), secureVipAddress: maybe(0.4, addressLists) });
const definitions = maybe(0.7, addresses).map((eureka) => ({
  address: '10.0.0.7',
  port: 80,
  extensions: eureka === undefined ? {} : { eureka },
}));

const instances = fc
  .record({ ns: namespaces, group: groups, service: services, id: ids, definition: definitions })
  .map(({ ns, group, service, id, definition }) => {
    const path = `/api/v1/ns/${ns}/groups/${escaped(group)}/services/${escaped(service)}/instances/${id}`;
    return request('registerInstance', 'PUT', path, JSON.stringify(definition));
  });

const operations = fc.record({ group: groups, service: services, id: ids, definition: definitions });
const batches = fc.tuple(namespaces, fc.array(operations, { minLength: 1, maxLength: 2 })).map(([ns, all]) => {
  const registered = all.map(({ definition, id, ...place }, index) => {
    return { op: 'register', ...place, id: `${id}${index}`, ...definition };
  });
  return request('applyBatch', 'POST', `/api/v1/ns/${ns}/batch`, JSON.stringify({ operations: registered }));
});

const eurekaRegistrations = fc
  .record({ ns: namespaces, name: names, id: ids, found: addresses })
  .map(({ ns, name, id, found }): FuzzRequest => {
    const app = name.toUpperCase();
    const instance = {
      instanceId: id,
      app,
      hostName: 'host',
      ipAddr: '10.0.0.7',
      status: 'UP',
      port: { $: 80, '@enabled': 'true' },
      dataCenterInfo: { name: 'MyOwn' },
      ...found,
    };
    const path = `/n/${ns}/eureka/apps/${escaped(app)}`;
    return { ...request('eureka register', 'POST', path, JSON.stringify({ instance })), dialect: 'eureka' };
  });

const goMicroRegistrations = fc.tuple(namespaces, names, ids).map(([ns, name, id]): FuzzRequest => {
  const service = { name, version: '1', nodes: [{ id, address: '10.0.0.7:80' }] };
  const asked = request('go-micro register', 'POST', `/n/${ns}/registry`, JSON.stringify(service));
  return { ...asked, dialect: 'go-micro' };
});

const nacosRegistrations = fc.tuple(namespaces, names, groups).map(([ns, name, group]): FuzzRequest => {
  const query = `serviceName=${escaped(name)}&groupName=${escaped(group)}&ip=10.0.0.7&port=80`;
  const asked = request('nacos v1 register instance', 'POST', `/n/${ns}/nacos/v1/ns/instance?${query}`, '');
  return { ...asked, dialect: 'nacos', headers: [], body: undefined };
});

/** Generates registrations under names and virtual addresses that belong to others, or could be mistaken for theirs. */
export const hostileRegistrations: fc.Arbitrary<FuzzRequest> = fc.oneof(
  instances,
  batches,
  { arbitrary: eurekaRegistrations, weight: 2 },
  goMicroRegistrations,
  nacosRegistrations,
);

function request(operation: string, method: string, target: string, body: string): FuzzRequest {
  return { operation, method, target, headers: JSON_TYPE, body: Buffer.from(body), mayWait: false };
}
