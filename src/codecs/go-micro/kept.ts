import { quote, RegistryError } from '../../model/errors';
import type { Extensions, InstanceView } from '../../model/instance';
import { EXTENSIONS_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import { type Endpoint, type Kept, readKept, type Service, type Value } from './service';

/** Key of the extension with data of an instance that only go-micro uses. */
const EXTENSION = 'go-micro';

/**
 * The part of a service that has no counterpart in the core, as each of its nodes stores it: all of it if it fits into
 * extensions, and otherwise only the names of its endpoints, if those fit.
 */
export interface StoredPart {
  metadata: Record<string, string>;
  endpoints: Endpoint[];
  /** True if the endpoints are not those of the service. */
  isBrief: boolean;
}

const isEmpty = (value: unknown): boolean =>
  value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** Returns an object without its empty members, which Go treats as absent. */
const dense = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member)));

const denseValue = ({ name, type, values }: Value): object => dense({ name, type, values: values.map(denseValue) });

/** Returns an endpoint without empty members. Empty values stay, because they are pointers in Go and differ from nil. */
export const denseEndpoint = ({ name, request, response, metadata }: Endpoint): object => ({
  ...dense({ name, metadata }),
  ...(request === null ? {} : { request: denseValue(request) }),
  ...(response === null ? {} : { response: denseValue(response) }),
});

/**
 * Returns the extensions of a node.
 *
 * @param address Original text of its address if the core would format it differently, otherwise empty.
 */
export function extensionsOf({ metadata, endpoints }: Omit<StoredPart, 'isBrief'>, address: string): Extensions {
  return { [EXTENSION]: dense({ metadata, endpoints: endpoints.map(denseEndpoint), address }) };
}

const withoutValues = (value: Value | null): Value | null => value && { ...value, values: [] };

/** Returns an endpoint with its request and response, but without their members. */
export const withoutTypes = ({ name, request, response, metadata }: Endpoint): Endpoint => ({
  name,
  request: withoutValues(request),
  response: withoutValues(response),
  metadata,
});

/**
 * Returns the part of a service that each of its nodes stores.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if metadata and addresses alone exceed the limit of extensions.
 */
export function storedPartOf({ name, metadata, endpoints, nodes }: Service): StoredPart {
  // Any node may store the original text of its address, so the longest one decides for all.
  const address = nodes.reduce((longest, node) => (node.address.length > longest.length ? node.address : longest), '');
  const bytesWith = (some: Endpoint[]) =>
    utf8Length(JSON.stringify(extensionsOf({ metadata, endpoints: some }, address)));
  if (bytesWith(endpoints) <= EXTENSIONS_MAX_BYTES) return { metadata, endpoints, isBrief: false };
  const least = bytesWith([]);
  if (least > EXTENSIONS_MAX_BYTES) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `metadata and addresses of the service ${quote(name)} take ${least} bytes; at most ${EXTENSIONS_MAX_BYTES} are allowed, so register less metadata`,
    );
  }
  const brief = endpoints.map(withoutTypes);
  return { metadata, endpoints: bytesWith(brief) <= EXTENSIONS_MAX_BYTES ? brief : [], isBrief: true };
}

/** Reads what a node stores of its service; undefined if that is absent or invalid. */
export const keptOf = ({ extensions }: Partial<Pick<InstanceView, 'extensions'>>): Kept | undefined =>
  readKept(extensions?.[EXTENSION]);
