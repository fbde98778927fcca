import type { DialectCard } from '../../src/http/pipeline/route-card';
import type { SeededRandom } from '../simulation/seeded-random';
import { escaped, type FuzzRequest } from './fuzz-request';
import { WILD_TEXTS } from './schema-values';

/** Texts with a meaning in some dialect, besides those that break parsers. */
const TEXTS: readonly [string, ...string[]] = [
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
] as [string, ...string[]]; // `as`: it is not empty

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
const EUREKA_NAMES: Record<string, readonly [string, ...string[]]> = {
  app: ['ORDERS', 'orders', 'NONE'],
  id: ['a', 'b'],
  address: ['orders', 'a'],
};

/** A request to one dialect, except for the method and path of its route. */
interface Asked {
  query: [string, string][];
  headers: [string, string][];
  body: string | undefined;
}

/**
 * Creates requests to the doors of dialects from their routes, with values that their clients send and values that none
 * sends.
 */
export class DialectRequestMaker {
  readonly #cards: readonly [DialectCard, ...DialectCard[]];
  readonly #random: SeededRandom;

  constructor(cards: readonly DialectCard[], random: SeededRandom) {
    // Native requests create and remove enough namespaces, and the whole run takes place in them.
    const [first, ...rest] = cards.filter(({ operation }) => !operation.includes('namespace'));
    if (first === undefined) throw new Error('there is no dialect');
    this.#cards = [first, ...rest];
    this.#random = random;
  }

  get operationIds(): string[] {
    return [...new Set(this.#cards.map(idOf))];
  }

  next(): FuzzRequest {
    const card = this.#random.pick(this.#cards);
    const method = card.method.toUpperCase();
    const { query, headers, body } = this.#asked(card, method);
    const text = query.map((pair) => pair.map(escaped).join('=')).join('&');
    return {
      operation: idOf(card),
      dialect: card.dialect,
      method,
      target: this.#path(card) + (text === '' ? '' : `?${text}`),
      headers,
      body: body === undefined ? undefined : Buffer.from(body),
      mayWait: false,
    };
  }

  #path({ path }: DialectCard): string {
    return path.replace(/:(\w+)/g, (_, name: string) => {
      if (this.#random.chance(0.1)) return escaped(this.#wildText());
      return escaped(this.#random.pick(EUREKA_NAMES[name] ?? ['DEFAULT_GROUP@@orders', 'public##DEFAULT_GROUP@@a']));
    });
  }

  #asked(card: DialectCard, method: string): Asked {
    if (card.dialect === 'nacos') return this.#nacos(method);
    const asked = card.dialect === 'eureka' ? this.#eureka(method) : this.#goMicro(method);
    return method === 'GET' ? { ...asked, body: undefined } : asked;
  }

  /** Puts parameters into the query, a form, or both. */
  #nacos(method: string): Asked {
    const pairs = this.#pairs(NACOS_USUAL, 0.9);
    pairs.push(['namespaceId', this.#random.pick(NACOS_NAMESPACES)]);
    while (this.#random.chance(0.4)) pairs.unshift([this.#random.pick(NACOS_NAMES), this.#wildText()]);
    if (method === 'GET') return { query: pairs, headers: [], body: undefined };
    const cut = this.#random.whole(0, pairs.length);
    const form = pairs.slice(cut).map((pair) => pair.map(escaped).join('='));
    const type = this.#random.chance(0.97) ? 'application/x-www-form-urlencoded;charset=UTF-8' : 'application/json';
    return { query: pairs.slice(0, cut), headers: [['Content-Type', type]], body: this.#broken(form.join('&')) };
  }

  #goMicro(method: string): Asked {
    const query: [string, string][] = method === 'GET' ? this.#pairs({ service: 'orders' }, 0.7) : [];
    const body = this.#broken(JSON.stringify(this.#changed(GO_MICRO_SERVICE)));
    return { query, headers: [['Content-Type', 'application/json']], body };
  }

  #eureka(method: string): Asked {
    const query = method === 'POST' ? [] : this.#pairs(EUREKA_QUERIES, 0.3);
    const isXml = this.#random.chance(0.3);
    const type = isXml ? 'application/xml' : 'application/json';
    const headers: [string, string][] = [['Accept', this.#random.chance(0.5) ? type : 'application/json']];
    if (method !== 'POST') return { query, headers, body: undefined };
    headers.push(['Content-Type', this.#random.chance(0.97) ? type : this.#wildText().replace(/[^\x20-\x7e]/g, '?')]);
    const text = isXml ? this.#changedXml() : JSON.stringify({ instance: this.#changed(EUREKA_INSTANCE) });
    return { query, headers, body: this.#broken(text) };
  }

  /** Returns some of the parameters, mostly with their usual values. */
  #pairs(usual: Record<string, string>, share: number): [string, string][] {
    return Object.entries(usual)
      .filter(() => this.#random.chance(share))
      .map(([name, value]) => [name, this.#random.chance(0.93) ? value : this.#wildText()]);
  }

  /** Returns a value with some members replaced, at any depth. */
  #changed(value: unknown): unknown {
    if (this.#random.chance(0.03))
      return this.#random.pick<unknown>([this.#wildText(), null, 0, -1, 1e300, true, [], {}]);
    if (Array.isArray(value)) return value.map((item) => this.#changed(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.#changedKey(name), this.#changed(member)]),
    );
  }

  #changedKey(name: string): string {
    return this.#random.chance(0.02) ? this.#wildText() : name;
  }

  #changedXml(): string {
    if (this.#random.chance(0.6)) return EUREKA_XML;
    return EUREKA_XML.replace(
      this.#random.pick(['10.0.0.7', '80', 'ORDERS', '<hostName>', '</instance>', 'class="x"']),
      () => this.#wildText(),
    );
  }

  #broken(text: string): string {
    if (this.#random.chance(0.97)) return text;
    return this.#random.pick<() => string>([
      () => text.slice(0, text.length / 2),
      () => text + text,
      () => '',
      () => '['.repeat(20_000),
      () => `<!DOCTYPE i [<!ENTITY a "b">]>${EUREKA_XML}`,
      () => 'x'.repeat(1_000_000),
    ])();
  }

  #wildText(): string {
    return this.#random.pick(TEXTS);
  }
}

const idOf = ({ dialect, operation }: DialectCard): string => `${dialect} ${operation}`;
