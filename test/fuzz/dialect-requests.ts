import fc from 'fast-check';
import type { DialectCard } from '../../src/http/pipeline/route-card';
import { escaped, type FuzzRequest } from './fuzz-request';
import { mostly, some } from './odds';
import { WILD_TEXTS } from './schema-values';

/** Texts with a meaning in some dialect, besides those that break parsers. */
const TEXTS: readonly string[] = [
  ...WILD_TEXTS,
  ...(['orders', 'g@@orders', 'public##g@@orders', 'DEFAULT', 'DEFAULT,EU', '10.0.0.7', '::1', 'host', '80'] as const),
  ...(['true', 'false', '0', '1', '0.5', '1e3', 'NaN', 'all', 'UP', 'DOWN', 'OUT_OF_SERVICE', 'SLEEPING'] as const),
  ...([
    '{}',
    '[]',
    '{"a":"b"}',
    'a=b',
    'a=',
    '{"a":{"b":1}}',
    '{"type":"label"}',
    '[{"ip":"10.0.0.7","port":80}]',
  ] as const),
  ...(['{"ip":"10.0.0.7","port":80}', '{"ip":1,"port":"x"}', 'lightBeatEnabled', '10.0.0.7:80#true'] as const),
];

/** Keys that all doors accept, and that a writer of XML or JSON could get wrong. */
const METADATA = { a: 'b', 'c:d': 'e\u0001\r\n', ĳ: '<&>', '#text': '{"f":1}', __cdata: ']]>' };

/**
 * Namespaces of requests to dialects. There are no others, because a dialect's request creates its namespace if the token
 * may, even if the request is refused afterwards.
 */
const NACOS_NAMESPACES = ['public', 'public', '', 'a b', 'x'.repeat(65)] as const;

/** Parameters that Nacos' clients nearly always send, and others that they may send. */
const NACOS_USUAL: Record<string, string> = {
  serviceName: 'DEFAULT_GROUP@@orders',
  ip: '10.0.0.7',
  port: '80',
  healthy: 'true',
  metadata: JSON.stringify(METADATA),
  protectThreshold: '0',
  clusterName: 'DEFAULT',
  pageNo: '1',
  pageSize: '10',
  key: 'DEFAULT_GROUP@@orders',
  clientId: '10.0.0.7:80#true',
  entry: 'lightBeatEnabled',
  value: 'true',
};
const NACOS_NAMES = [
  ...(['groupName', 'cluster', 'clusters', 'weight', 'valid', 'enabled', 'enable', 'ephemeral', 'instances'] as const),
  ...(['consistencyType', 'beat', 'selector', 'expr', 'healthyOnly', 'enabledOnly', 'udpPort', 'clientIP'] as const),
  ...(['serviceNameParam', 'groupNameParam', 'hasIpCount', 'withInstances', 'heartBeat', 'onlyStatus'] as const),
  ...(['show', 'checkNamespaceIdExist', 'username', '__proto__'] as const),
];

const GO_MICRO_SERVICE = {
  name: 'orders',
  version: '1',
  metadata: { a: 'b' },
  endpoints: [{ name: 'Orders.Get', request: { name: 'R', type: 'R', values: null }, response: null, metadata: {} }],
  nodes: [{ id: 'n', address: '10.0.0.7:80', metadata: { ...METADATA, '@class': 'x', $: 'y' } }],
};

const EUREKA_INSTANCE = {
  instanceId: 'a',
  app: 'ORDERS',
  hostName: 'host',
  ipAddr: '10.0.0.7',
  status: 'UP',
  port: { $: 80, '@enabled': 'true' },
  dataCenterInfo: { '@class': 'x', name: 'MyOwn' },
  leaseInfo: { durationInSecs: 90 },
  metadata: METADATA,
};
const EUREKA_XML =
  '<instance><instanceId>a</instanceId><hostName>h</hostName><app>ORDERS</app><ipAddr>10.0.0.7</ipAddr><port>80</port><dataCenterInfo class="x"><name>MyOwn</name></dataCenterInfo></instance>';
const EUREKA_QUERIES: Record<string, string> = {
  status: 'OUT_OF_SERVICE',
  value: 'DOWN',
  lastDirtyTimestamp: '1700000000000',
  overriddenstatus: 'UNKNOWN',
  regions: 'eu',
};
const EUREKA_NAMES: Record<string, readonly string[]> = {
  app: ['ORDERS', 'orders', 'NONE'],
  id: ['a', 'b'],
  address: ['orders', 'a'],
};

/** Texts that break bodies of any type. */
const BROKEN: readonly ((text: string) => string)[] = [
  (text) => text.slice(0, text.length / 2),
  (text) => text + text,
  () => '',
  () => '['.repeat(20_000),
  () => `<!DOCTYPE i [<!ENTITY a "b">]>${EUREKA_XML}`,
  () => 'x'.repeat(1_000_000),
];

/** A part of a URL, a form or a header line. */
type Pair = [name: string, value: string];

/** A request to one dialect, except for the method and path of its route. */
interface Asked {
  query: Pair[];
  headers: Pair[];
  body: string | undefined;
}

const wildTexts = fc.constantFrom(...TEXTS);

/**
 * Generates requests to the doors of dialects from their routes, with values that their clients send and values that none
 * sends.
 */
export class DialectRequests {
  readonly operationIds: string[];
  readonly requests: fc.Arbitrary<FuzzRequest>;

  constructor(cards: readonly DialectCard[]) {
    // Native requests create and remove enough namespaces, and the whole run takes place in them.
    const used = cards.filter(({ operation }) => !operation.includes('namespace'));
    this.operationIds = [...new Set(used.map(idOf))];
    this.requests = fc.oneof(...used.map(requestTo));
  }
}

function requestTo(card: DialectCard): fc.Arbitrary<FuzzRequest> {
  const method = card.method.toUpperCase();
  return fc.tuple(pathOf(card), askedOf(card, method)).map(([path, { query, headers, body }]) => {
    const text = formText(query);
    return {
      operation: idOf(card),
      dialect: card.dialect,
      method,
      target: text === '' ? path : `${path}?${text}`,
      headers,
      body: body === undefined ? undefined : Buffer.from(body),
      mayWait: false,
    };
  });
}

function pathOf({ path }: DialectCard): fc.Arbitrary<string> {
  const parts = path.split(/(:\w+)/).map((part) => {
    if (!part.startsWith(':')) return fc.constant(part);
    const names = EUREKA_NAMES[part.slice(1)] ?? ['DEFAULT_GROUP@@orders', 'public##DEFAULT_GROUP@@a'];
    return mostly(0.9, fc.constantFrom(...names), wildTexts).map(escaped);
  });
  return fc.tuple(...parts).map((texts) => texts.join(''));
}

function askedOf({ dialect }: DialectCard, method: string): fc.Arbitrary<Asked> {
  if (dialect === 'nacos') return nacos(method);
  const asked = dialect === 'eureka' ? eureka(method) : goMicro(method);
  return method === 'GET' ? asked.map((each) => ({ ...each, body: undefined })) : asked;
}

/** Puts parameters into the query, a form, or both. */
function nacos(method: string): fc.Arbitrary<Asked> {
  const pairs = fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom(...NACOS_NAMES), wildTexts), { maxLength: 2 }),
      pairsOf(NACOS_USUAL, 0.9),
      fc.constantFrom(...NACOS_NAMESPACES),
    )
    .map(([unusual, usual, namespace]): Pair[] => [...unusual, ...usual, ['namespaceId', namespace]]);
  if (method === 'GET') return pairs.map((query) => ({ query, headers: [], body: undefined }));
  const type = mostly(
    0.97,
    fc.constant('application/x-www-form-urlencoded;charset=UTF-8'),
    fc.constant('application/json'),
  );
  return fc.tuple(pairs, fc.nat(100), type).chain(([all, position, contentType]) => {
    const cut = position % (all.length + 1);
    const headers: Pair[] = [['Content-Type', contentType]];
    return broken(formText(all.slice(cut))).map((body) => ({ query: all.slice(0, cut), headers, body }));
  });
}

function goMicro(method: string): fc.Arbitrary<Asked> {
  return fc.record({
    query: method === 'GET' ? pairsOf({ service: 'orders' }, 0.7) : fc.constant([]),
    headers: fc.constant<Pair[]>([['Content-Type', 'application/json']]),
    body: changed(GO_MICRO_SERVICE).chain((service) => broken(JSON.stringify(service))),
  });
}

function eureka(method: string): fc.Arbitrary<Asked> {
  const type = mostly(0.7, fc.constant('application/json'), fc.constant('application/xml'));
  return fc.tuple(type, fc.boolean()).chain(([contentType, isAccepted]): fc.Arbitrary<Asked> => {
    const accept: Pair = ['Accept', isAccepted ? contentType : 'application/json'];
    if (method !== 'POST')
      return pairsOf(EUREKA_QUERIES, 0.3).map((query) => ({ query, headers: [accept], body: undefined }));
    const texts =
      contentType === 'application/xml'
        ? changedXml()
        : changed(EUREKA_INSTANCE).map((instance) => JSON.stringify({ instance }));
    const declared = mostly(
      0.97,
      fc.constant(contentType),
      wildTexts.map((text) => text.replace(/[^\x20-\x7e]/g, '?')),
    );
    return fc
      .tuple(declared, texts.chain(broken))
      .map(([sentType, body]) => ({ query: [], headers: [accept, ['Content-Type', sentType]], body }));
  });
}

/** Generates some of the parameters, mostly with their usual values. */
function pairsOf(usual: Record<string, string>, share: number): fc.Arbitrary<Pair[]> {
  const pairs = Object.entries(usual).map(([name, value]) =>
    fc.tuple(fc.constant(name), mostly(0.93, fc.constant(value), wildTexts)),
  );
  return some(share, pairs);
}

/** Generates copies of a value with some members replaced, at any depth. */
function changed(value: unknown): fc.Arbitrary<unknown> {
  return mostly(
    0.97,
    changedMembers(value),
    fc.oneof(wildTexts, fc.constantFrom<unknown>(null, 0, -1, 1e300, true, [], {})),
  );
}

function changedMembers(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) return fc.tuple(...value.map(changed));
  if (typeof value !== 'object' || value === null) return fc.constant(value);
  const members = Object.entries(value).map(([name, member]) =>
    fc.tuple(mostly(0.98, fc.constant(name), wildTexts), changed(member)),
  );
  return fc.tuple(...members).map((pairs) => Object.fromEntries(pairs));
}

function changedXml(): fc.Arbitrary<string> {
  const part = fc.constantFrom('10.0.0.7', '80', 'ORDERS', '<hostName>', '</instance>', 'class="x"');
  const texts = fc.tuple(part, wildTexts).map(([from, to]) => EUREKA_XML.replace(from, () => to));
  return mostly(0.6, fc.constant(EUREKA_XML), texts);
}

const broken = (text: string): fc.Arbitrary<string> =>
  mostly(
    0.97,
    fc.constant(text),
    fc.constantFrom(...BROKEN).map((breaks) => breaks(text)),
  );

const formText = (pairs: readonly Pair[]): string => pairs.map((pair) => pair.map(escaped).join('=')).join('&');
const idOf = ({ dialect, operation }: DialectCard): string => `${dialect} ${operation}`;
