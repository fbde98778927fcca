import { inBrackets, isAddress } from '../model/address';
import { utf8ByteString, utf8Of, utf8Text } from '../model/bytes';
import { RegistryError } from '../model/errors';
import { isRecord, jsonProblem, parseJson } from '../model/json';
import type { HeldEntry } from '../model/layout';
import { PLACE_MAX_BYTES } from '../model/limits';
import { type ServiceNames, shortName, splitName } from '../model/service-name';

/** Keys and values that several layouts have in common. Keys are strings of one character a byte. */

/** Address and port of an instance. */
export interface Place {
  address: string;
  port: number;
}

/** The part of an instance with its place. */
type Placed = Partial<Record<'address', string | undefined> & Record<'port', number | undefined>>;

/** Matches `host:port`, the port without leading zeros. */
const PLACE = /^(.+):([1-9]\d{0,4})$/s;
const PORT_MAX = 65_535;

/** Parses `host:port`, IPv6 in brackets; undefined if it is anything else. */
export function parsePlace(text: string): Place | undefined {
  const [, host = '', digits] = PLACE.exec(text) ?? [];
  const port = Number(digits);
  const address = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  // IPv6 without brackets would be ambiguous, and nothing else has them.
  if (address.includes(':') !== (address !== host) || !isAddress(address)) return undefined;
  return port <= PORT_MAX ? { address, port } : undefined;
}

/** Reads a value that is `host:port`, and nothing else. */
export function placeIn(value: Uint8Array): Place | undefined {
  return value.length > PLACE_MAX_BYTES ? undefined : parsePlace(utf8Text(value) ?? '');
}

/** Formats address and port as `host:port`, IPv6 in brackets; undefined for an instance that has only a url. */
export function placeText({ address, port }: Placed): string | undefined {
  return address === undefined || port === undefined ? undefined : `${inBrackets(address)}:${port}`;
}

/** A key as its last segment and the service that the rest names. */
export interface ServiceKeyParts extends ServiceNames {
  last: string;
}

/**
 * Splits a key of the form `<prefix><service>/<last>`, with a service as {@link serviceText} formats it. A key with nothing
 * between the prefix and its last segment names the service with the prefix. Undefined without a service, and if the key is
 * not UTF-8.
 */
export function splitKey({ key }: HeldEntry, prefix: string): ServiceKeyParts | undefined {
  const slash = key.lastIndexOf('/');
  const before = key.slice(0, Math.max(slash, 0));
  const rest = before.length > prefix.length ? before.slice(prefix.length) : before;
  const [name, last] = [utf8Of(rest), utf8Of(key.slice(slash + 1))];
  return name === undefined || name === '' || last === undefined ? undefined : { ...splitName(name), last };
}

/** Formats the names of a service: `orders` in the default group, `group@@service` in another. */
export const serviceText = (names: ServiceNames): string => shortName(names);

/** Formats an id as a single segment of a key: with a slash, it could be that of another service. */
const segment = (id: string): string => id.replaceAll('%', '%25').replaceAll('/', '%2F');

/** Formats a key that {@link splitKey} splits again. */
export function joinKey(prefix: string, instance: ServiceNames & { id: string }): string {
  return `${prefix}${utf8ByteString(`${serviceText(instance)}/${segment(instance.id)}`)}`;
}

/** Returns a prefix that ends in a slash, which separates it from keys that merely begin alike. */
export const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`);

const OPENING_BRACE = 0x7b;

/**
 * Parses a value that is a JSON object; undefined if it is anything else, too large, too deeply nested, or has a key twice.
 */
export function objectIn(value: Uint8Array, maxBytes: number): Record<string, unknown> | undefined {
  if (value.length > maxBytes || value[0] !== OPENING_BRACE) return undefined;
  const text = utf8Text(value);
  if (text === undefined) return undefined;
  return unlessInvalid(() => {
    const parsed = parseJson(text);
    return isRecord(parsed) && jsonProblem(parsed) === undefined ? parsed : undefined;
  });
}

/** Runs `work`; returns undefined if it finds its input invalid: an entry that does not parse is plain data. */
export function unlessInvalid<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RegistryError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
