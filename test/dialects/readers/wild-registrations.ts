import fc from 'fast-check';

/** A registration as a client of one of the doors sends it. The door may accept or refuse it. */
export interface WildRegistration {
  door: 'native' | 'nacos' | 'go-micro' | 'eureka';
  method: string;
  path: string;
  type: string;
  body: string;
}

/** Characters that mean something to a parser, a writer or a client. */
const CHARACTERS = [...":$@#_-. !?&<>'/%{}[]=;,|~+*()aZ09xmlé·ĳſ日\u2028\ufeff\ufffd", '👋', '\u{1fffe}'];
/** Characters that are allowed in values, but not in names or keys. */
const ODD = [...'"\\\t\r\n\u0000\u0001\u001f\u007f\u0085\ufffe\uffff'];
/** Characters that are never allowed. */
const HALVES = ['\ud800', '\udc00'];

const textOf = (odd: number) =>
  fc.string({
    unit: fc.oneof(
      { weight: 100, arbitrary: fc.constantFrom(...CHARACTERS) },
      { weight: odd, arbitrary: fc.constantFrom(...ODD) },
      { weight: 1, arbitrary: fc.constantFrom(...HALVES) },
    ),
    maxLength: 8,
  });
const name = textOf(2);
const text = textOf(30);

/** Keys with a special meaning somewhere between the registry and a client. */
const MARKERS = [
  ...['@class', '@x', 'class', '$', '$t', '#text', ' ', '-', '1', '01', 'a:b', ':', 'a:', ':a'],
  ...['xml', 'XML', 'xmlns', 'xmlns:a', 'xml:lang', 'xml:a', '?xml', '!DOCTYPE', '__cdata', '#comment', '_.0041'],
  ...['_proto_', 'constructor', 'toString', 'hasOwnProperty', 'ĳ', 'a ſ', 'length', 'instance', '__proto__', ''],
];
const key = fc.oneof(fc.constantFrom(...MARKERS), name);
const metadata = fc.uniqueArray(fc.tuple(key, text), { maxLength: 4, selector: ([first]) => first });

/** Usually produces what every door accepts, so that many registrations are accepted. */
const mostly = (usual: string) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: name });

const wildUrl = textOf(5).map((rest) => `https://orders.example/${rest}`);
const parts = fc.record({
  group: mostly('DEFAULT_GROUP'),
  service: mostly('orders'),
  id: mostly('a'),
  cluster: mostly('DEFAULT'),
  address: mostly('10.0.0.7'),
  url: wildUrl,
  isExtended: fc.boolean(),
  vip: mostly('orders'),
  tag: mostly('t'),
  port: mostly('admin'),
  metadata,
  cloud: metadata,
});
type Parts = typeof parts extends fc.Arbitrary<infer Of> ? Of : never;

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const segment = (part: string): string => encodeURIComponent(part.toWellFormed());

const DOORS: Record<WildRegistration['door'], (of: Parts) => WildRegistration> = {
  native: ({ group, service, id, cluster, address, url, isExtended, vip, tag, port, metadata: entries, cloud }) => ({
    door: 'native',
    method: 'PUT',
    path: `/api/v1/ns/public/groups/${segment(group)}/services/${segment(service)}/instances/${segment(id)}`,
    type: JSON_TYPE,
    body: JSON.stringify({
      address,
      port: 8080,
      url,
      cluster,
      tags: [tag],
      ports: Object.fromEntries([[port, { port: 8443, secure: true }]]),
      metadata: Object.fromEntries(entries),
      ...(isExtended ? { extensions: { eureka: kept(vip, url, cloud), other: Object.fromEntries(cloud) } } : {}),
    }),
  }),
  nacos: ({ group, service, cluster, address, metadata: entries }) => ({
    door: 'nacos',
    method: 'POST',
    path: '/nacos/v1/ns/instance',
    type: FORM_TYPE,
    body: String(
      new URLSearchParams({
        groupName: group,
        serviceName: service,
        clusterName: cluster,
        ip: address,
        port: '8080',
        metadata: JSON.stringify(Object.fromEntries(entries)),
      }),
    ),
  }),
  'go-micro': ({ service, id, address, metadata: entries, cloud, tag }) => ({
    door: 'go-micro',
    method: 'POST',
    path: '/registry',
    type: JSON_TYPE,
    body: JSON.stringify({
      name: service,
      version: tag,
      metadata: Object.fromEntries(cloud),
      nodes: [{ id, address: `${address}:8080`, metadata: Object.fromEntries(entries) }],
    }),
  }),
  eureka: ({ service, id, address, url, vip, metadata: entries, cloud }) => ({
    door: 'eureka',
    method: 'POST',
    path: `/eureka/apps/${segment(service)}`,
    type: JSON_TYPE,
    body: JSON.stringify({
      instance: {
        instanceId: id,
        app: service,
        hostName: address,
        ipAddr: address,
        status: 'UP',
        ...kept(vip, url, []),
        dataCenterInfo: { name: 'Amazon', metadata: Object.fromEntries(cloud) },
        metadata: Object.fromEntries(entries),
      },
    }),
  }),
};

/** Members of an instance that only Eureka understands. */
function kept(vip: string, url: string, cloud: [string, string][]) {
  const dataCenter = { name: 'Amazon', metadata: Object.fromEntries(cloud) };
  return { vipAddress: vip, secureVipAddress: vip, homePageUrl: url, appGroupName: vip, dataCenter };
}

/** Registrations through each door, with anything that a client can send. */
export const wildRegistration = fc
  .tuple(fc.constantFrom(...(Object.keys(DOORS) as WildRegistration['door'][])), parts) // `as`: these are its keys
  .map(([door, of]) => DOORS[door](of));
