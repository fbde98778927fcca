import { inBrackets, withoutBrackets } from '../model/address';
import { utf8ByteString, utf8Bytes } from '../model/bytes';
import type { NamedPort } from '../model/instance';
import { isRecord } from '../model/json';
import type { Layout, ShownInstance } from '../model/layout';
import { LAYOUT_OBJECT_MAX_BYTES, PORTS_MAX_COUNT, WEIGHT_MAX } from '../model/limits';
import { splitName } from '../model/service-name';
import { objectIn, serviceText, withSlash } from './entry-text';

/** Weight of an instance without one, and the metadata that sets another. Source: kratos' `selector`. */
const DEFAULT_WEIGHT = 100;
const WEIGHT = 'weight';

/** Schemes of endpoints that Kratos' clients look for; those of TLS have an `s` appended. */
const SCHEMES = ['grpc', 'http'] as const;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Layout of Kratos' `contrib/registry/etcd`: `<namespace>/<name>/<id>` = the instance as JSON, by default below
 * `/microservices`. It is read only below prefixes of the settings.
 */
export const kratos: Layout = {
  kind: 'kratos',
  version: 1,
  readsAnywhere: false,

  read({ key, value }, prefix) {
    const body = objectIn(value, LAYOUT_OBJECT_MAX_BYTES, '"endpoints"');
    if (body === undefined) return undefined;
    const { id, name, version = '', metadata = {}, endpoints } = body;
    if (typeof id !== 'string' || typeof name !== 'string' || typeof version !== 'string') return undefined;
    // Clients look for an instance under the name in its key, and compare it with that in the value.
    if (key !== `${withSlash(prefix)}${utf8ByteString(`${name}/${id}`)}`) return undefined;
    const strings = stringsIn(metadata ?? {});
    const place = Array.isArray(endpoints) ? placeOf(endpoints) : undefined;
    if (strings === undefined || place === undefined) return undefined;
    const definition = { ...place, metadata: strings, ...(version === '' ? {} : { version }), ...weightIn(strings) };
    return { ...splitName(name), id, definition };
  },

  show(instance, prefix) {
    const { id, version = '', metadata, weight } = instance;
    const endpoints = endpointsOf(instance);
    if (endpoints === undefined) return undefined;
    const name = serviceText(instance);
    const weighed = weight === 1 ? metadata : { ...metadata, [WEIGHT]: String(kratosWeight(weight)) };
    const value = JSON.stringify({ id, name, version, metadata: weighed, endpoints });
    return { key: `${withSlash(prefix)}${utf8ByteString(`${name}/${id}`)}`, value: utf8Bytes(value) };
  },
};

/** Returns metadata if all members are strings. */
function stringsIn(metadata: unknown): Record<string, string> | undefined {
  if (!isRecord(metadata)) return undefined;
  const entries = Object.entries(metadata);
  if (entries.some(([, value]) => typeof value !== 'string')) return undefined;
  return metadata as Record<string, string>; // `as`: all members are strings
}

const kratosWeight = (weight: number): number => Math.max(1, Math.round(weight * DEFAULT_WEIGHT));

/** Returns the weight that metadata sets. Kratos ignores what is not a number. */
function weightIn(metadata: Record<string, string>): { weight?: number } {
  const text = metadata[WEIGHT] ?? '';
  const weight = Number(text) / DEFAULT_WEIGHT;
  return /^\d{1,9}$/.test(text) && weight <= WEIGHT_MAX ? { weight } : {};
}

/** An endpoint of an instance. */
interface Endpoint extends NamedPort {
  address: string;
  /** Without the `s` of TLS. */
  scheme: string;
}

/** Parses an endpoint: `grpc://host:port`, `grpcs://host:port` or, as earlier versions wrote it, `grpc://host:port?isSecure=true`. */
function endpointIn(text: unknown): Endpoint | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port: written, searchParams } = new URL(text);
  const port = Number(written || DEFAULT_PORTS[protocol]);
  const name = protocol.slice(0, -1);
  const scheme = SCHEMES.find((each) => name === `${each}s`) ?? name;
  if (hostname === '' || !(port > 0)) return undefined;
  const secure = scheme !== name || searchParams.get('isSecure') === 'true';
  return { address: withoutBrackets(hostname), port, scheme, secure };
}

/** Returns the place of the first endpoint, with the ports of all endpoints at its address by their schemes. */
function placeOf(endpoints: readonly unknown[]) {
  const all = endpoints.slice(0, PORTS_MAX_COUNT).flatMap((each) => endpointIn(each) ?? []);
  const [first] = all;
  if (first === undefined) return undefined;
  const { address, port } = first;
  const here = all.filter((each) => each.address === address).reverse();
  const ports = Object.fromEntries(here.map((each) => [each.scheme, { port: each.port, secure: each.secure }]));
  return { address, port, ports };
}

/** Returns the endpoints of an instance; undefined if it has only a url. The scheme of its own port is guessed unless it has a name. */
function endpointsOf({ address, port, ports, ...hints }: ShownInstance): string[] | undefined {
  if (address === undefined || port === undefined) return undefined;
  const named = SCHEMES.flatMap((scheme) => {
    const found = ports[scheme];
    const secured = ports[`${scheme}s`];
    return [
      ...(found === undefined ? [] : [{ ...found, scheme }]),
      ...(secured === undefined ? [] : [{ ...secured, secure: true, scheme }]),
    ];
  });
  const isNamed = named.some((each) => each.port === port);
  const all = isNamed ? named : [{ port, secure: false, scheme: guessedScheme(hints) }, ...named];
  // The first one is the place of the instance.
  const inOrder = [...all.filter((each) => each.port === port), ...all.filter((each) => each.port !== port)];
  return inOrder.map((each) => `${each.scheme}${each.secure ? 's' : ''}://${inBrackets(address)}:${each.port}`);
}

function guessedScheme({ metadata, tags }: Pick<ShownInstance, 'metadata' | 'tags'>): string {
  // go-micro names it `protocol`, and Kratos' own registry in Nacos `kind`.
  const isGrpc = tags.includes('grpc') || metadata.protocol === 'grpc' || metadata.kind === 'grpc';
  return isGrpc ? 'grpc' : 'http';
}
