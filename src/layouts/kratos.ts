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

/** Name of a port with TLS, whatever its protocol. */
const SECURE_PORT = 'secure';

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
    const body = objectIn(value, LAYOUT_OBJECT_MAX_BYTES);
    if (body === undefined) return undefined;
    const { id, name, version = '', metadata = {}, endpoints } = body;
    if (typeof id !== 'string' || typeof name !== 'string' || typeof version !== 'string') return undefined;
    // Clients look for an instance under the name in its key, and compare it with that in the value.
    if (key !== `${withSlash(prefix)}${utf8ByteString(`${name}/${id}`)}`) return undefined;
    const strings = stringsIn(metadata ?? {});
    const place = Array.isArray(endpoints) ? placeOf(endpoints) : undefined;
    if (strings === undefined || place === undefined) return undefined;
    const definition = { ...place, ...weighed(strings), ...(version === '' ? {} : { version }) };
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

/** Takes the weight out of metadata. One that is not a number stays there: Kratos ignores it. */
function weighed({ [WEIGHT]: text = '', ...metadata }: Record<string, string>) {
  const weight = Number(text) / DEFAULT_WEIGHT;
  if (/^\d{1,9}$/.test(text) && weight <= WEIGHT_MAX) return { metadata, weight };
  return { metadata: text === '' ? metadata : { ...metadata, [WEIGHT]: text } };
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
  const ports: Record<string, NamedPort> = {};
  for (const each of all) {
    const name = [each.scheme, ...(each.secure ? [`${each.scheme}s`] : [])].find((some) => !Object.hasOwn(ports, some));
    if (each.address === address && name !== undefined) ports[name] = { port: each.port, secure: each.secure };
  }
  return { address, port, ports };
}

/** Returns the endpoints of an instance, that of its own port first; undefined if it has only a url. */
function endpointsOf({ address, port, ports, ...hints }: ShownInstance): string[] | undefined {
  if (address === undefined || port === undefined) return undefined;
  const guessed = guessedScheme(hints);
  const named = Object.entries(ports).flatMap(([name, each]): Endpoint[] => {
    const isSecured = SCHEMES.some((scheme) => name === `${scheme}s`);
    // Doors of registries without names of ports give a second port with TLS this one.
    const scheme = name === SECURE_PORT && each.secure ? guessed : isSecured ? name.slice(0, -1) : name;
    if (!SCHEMES.some((known) => known === scheme)) return [];
    return [{ address, port: each.port, secure: each.secure || isSecured, scheme }];
  });
  const own = named.filter((each) => each.port === port);
  const others = named.filter((each) => each.port !== port);
  const first = own.length > 0 ? own : [{ address, port, secure: false, scheme: guessed }];
  return [...first, ...others].map(
    (each) => `${each.scheme}${each.secure ? 's' : ''}://${inBrackets(address)}:${each.port}`,
  );
}

/** Returns the scheme of a port without a name. */
function guessedScheme({ metadata, tags }: Pick<ShownInstance, 'metadata' | 'tags'>): string {
  // go-micro names it `protocol`, and Kratos' own registry in Nacos `kind`.
  const isGrpc = tags.includes('grpc') || metadata.protocol === 'grpc' || metadata.kind === 'grpc';
  return isGrpc ? 'grpc' : 'http';
}
