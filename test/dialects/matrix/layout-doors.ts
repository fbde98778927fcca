import { addressOf } from '../../../src/codecs/go-micro/node';
import type { Layout } from '../../../src/model/layout';
import type { Spoken, Written } from './door';
import type { MatrixStage } from './matrix-stage';

/** A framework that keeps instances of the service `orders` as entries. */
export interface LayoutDoor {
  kind: Layout['kind'];
  prefix: string;
  speaks: readonly Spoken[];
  hasMetadata: boolean;
  /** Returns the entry of an instance, as the framework puts it. */
  entryOf(instance: Written, lease: string): { key: string; value: string };
  /** Parses a value, as the framework reads it. */
  seen(value: string): Record<string, unknown>;
}

const place = (text: string) => {
  const cut = text.lastIndexOf(':');
  return { address: text.slice(0, cut).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(cut + 1)) };
};

/** Parses an endpoint of Kratos. */
const endpoint = (text = '') => place(text.slice(text.indexOf('://') + 3));

/** All frameworks that have a layout. */
export const LAYOUT_DOORS: readonly LayoutDoor[] = [
  {
    kind: 'go-zero',
    prefix: '',
    speaks: [],
    hasMetadata: false,
    entryOf: (instance, lease) => ({ key: `orders/${lease}`, value: addressOf(instance) }),
    seen: place,
  },
  {
    kind: 'grpc-naming',
    prefix: 'grpc/',
    speaks: [],
    hasMetadata: true,
    entryOf: (instance) => {
      const Addr = addressOf(instance);
      return { key: `grpc/orders/${Addr}`, value: JSON.stringify({ Op: 0, Addr, Metadata: instance.metadata }) };
    },
    seen: (value) => {
      const { Addr, Metadata } = JSON.parse(value);
      return { ...place(Addr), metadata: Metadata ?? {} };
    },
  },
  {
    kind: 'go-micro',
    prefix: '/micro/registry/',
    speaks: ['version'],
    hasMetadata: true,
    entryOf: ({ id, metadata, version, ...at }) => {
      const nodes = [{ metadata, id, address: addressOf(at) }];
      const value = { name: 'orders', version, metadata: null, endpoints: null, nodes };
      return { key: `/micro/registry/orders/${id}`, value: JSON.stringify(value) };
    },
    seen: (value) => {
      const { version, nodes } = JSON.parse(value);
      return { ...place(nodes[0].address), metadata: nodes[0].metadata, version };
    },
  },
  {
    kind: 'go-kit',
    prefix: '/services/orders/',
    speaks: [],
    hasMetadata: false,
    entryOf: (instance) => ({ key: `/services/orders/${instance.id}`, value: addressOf(instance) }),
    seen: place,
  },
  {
    kind: 'kratos',
    prefix: '/microservices',
    speaks: ['version', 'weight', 'securePort'],
    hasMetadata: true,
    entryOf: ({ id, metadata, version, weight, securePort, ...at }) => {
      const secure = securePort === undefined ? [] : [`https://${addressOf({ ...at, port: securePort })}`];
      const value = {
        ...{ id, name: 'orders', version, metadata: { ...metadata, weight: `${weight * 100}` } },
        endpoints: [`http://${addressOf(at)}`, ...secure],
      };
      return { key: `/microservices/orders/${id}`, value: JSON.stringify(value) };
    },
    seen: (value) => {
      const { version, endpoints, metadata } = JSON.parse(value);
      const { weight = '100', ...others } = metadata;
      const [own, second] = endpoints;
      const securePort = second === undefined ? undefined : endpoint(second).port;
      return { ...endpoint(own), metadata: others, version, weight: Number(weight) / 100, securePort };
    },
  },
];

/** Returns the prefix that clients of a framework read for the instances of `orders`. */
export function folderOf({ kind, prefix }: LayoutDoor): string {
  if (kind === 'go-kit') return prefix;
  return `${prefix.endsWith('/') || prefix === '' ? prefix : `${prefix}/`}orders/`;
}

/** Puts the entry of an instance with a lease of its own. Returns the id of the lease. */
export async function putEntry(stage: MatrixStage, door: LayoutDoor, instance: Written): Promise<string> {
  // `as`: the API's response.
  const { id } = (await stage.json('POST', '/api/v1/ns/public/leases', { ttlMs: 30_000 })) as { id: string };
  const { key, value } = door.entryOf(instance, id);
  await stage.send('PUT', `/api/v1/ns/public/kv/${encodeURIComponent(key)}?lease=${id}`, { body: value });
  return id;
}

/** Returns the instances that entries below the prefix of a layout show. */
export async function seenEntries(stage: MatrixStage, door: LayoutDoor): Promise<Record<string, unknown>[]> {
  const query = encodeURIComponent(folderOf(door));
  // `as`: the API's response.
  const { entries } = (await stage.json('GET', `/api/v1/ns/public/kv?prefix=${query}`)) as {
    entries: { value: string }[];
  };
  return entries.map(({ value }) => door.seen(value));
}
