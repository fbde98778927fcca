import type { HeldDocument, SharedDocument } from '../../model/dialect-reads';
import { quote, RegistryError } from '../../model/errors';
import type { Extensions, InstanceView } from '../../model/instance';
import { DOCUMENT_MAX_BYTES, EXTENSIONS_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import { withoutTypes } from './message';
import { type Endpoint, type Kept, readKept, type Service, type Value } from './wire';

/** Key of the extension with data of an instance that only go-micro uses. */
const EXTENSION = 'go-micro';

/**
 * The part of a service that has no counterpart in the core, as it is stored. Each node stores all of it if it fits into
 * extensions. Otherwise a document stores the endpoints once for all nodes of the version, and each node stores only
 * their names, if those fit.
 */
export interface KeptService {
  /** Metadata that each node stores. */
  metadata: Record<string, string>;
  endpoints: Endpoint[];
  /** All endpoints, if they don't fit into a node. */
  document: SharedDocument | undefined;
}

const isEmpty = (value: unknown): boolean =>
  value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** Returns an object without its empty members, which Go treats as absent. */
const dense = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member)));

const denseValue = ({ name, type, values }: Value): object => dense({ name, type, values: values.map(denseValue) });

/** Returns an endpoint without empty members. Empty values stay, because they are pointers in Go and differ from nil. */
const denseEndpoint = ({ name, request, response, metadata }: Endpoint): object => ({
  ...dense({ name, metadata }),
  ...(request === null ? {} : { request: denseValue(request) }),
  ...(response === null ? {} : { response: denseValue(response) }),
});

/**
 * Returns the extensions of a node.
 *
 * @param address Original text of its address if the core would format it differently, otherwise empty.
 */
export function extensionsOf({ metadata, endpoints }: Omit<KeptService, 'document'>, address: string): Extensions {
  return { [EXTENSION]: dense({ metadata, endpoints: endpoints.map(denseEndpoint), address }) };
}

/**
 * Returns a service in the form in which it is stored.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if that exceeds the limits of its nodes or of a document.
 */
export async function keptServiceOf({ name, metadata, endpoints, nodes }: Service): Promise<KeptService> {
  // Any node may store the original text of its address, so the longest one decides for all.
  const address = nodes.reduce((longest, node) => (node.address.length > longest.length ? node.address : longest), '');
  const bytesWith = (some: Endpoint[]) =>
    utf8Length(JSON.stringify(extensionsOf({ metadata, endpoints: some }, address)));
  if (bytesWith(endpoints) <= EXTENSIONS_MAX_BYTES) return { metadata, endpoints, document: undefined };
  const least = bytesWith([]);
  if (least > EXTENSIONS_MAX_BYTES) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `metadata and addresses of the service ${quote(name)} take ${least} bytes; at most ${EXTENSIONS_MAX_BYTES} are allowed, so register less metadata`,
    );
  }
  const brief = endpoints.map(withoutTypes);
  return {
    metadata,
    endpoints: bytesWith(brief) <= EXTENSIONS_MAX_BYTES ? brief : [],
    document: await documentOf(name, endpoints),
  };
}

async function documentOf(name: string, endpoints: Endpoint[]): Promise<SharedDocument> {
  const text = JSON.stringify({ endpoints: endpoints.map(denseEndpoint) });
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > DOCUMENT_MAX_BYTES) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `the endpoints of the service ${quote(name)} take ${bytes.length} bytes; at most ${DOCUMENT_MAX_BYTES} are allowed per version, so register fewer or smaller endpoints`,
    );
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const id = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id, text };
}

/** Reads what a node stores of its service; undefined if that is absent or invalid. */
export const keptOf = ({ extensions }: InstanceView): Kept | undefined => readKept(extensions[EXTENSION]);

/** Returns a lookup of all endpoints by node id, for nodes with a shared document. Each document is parsed on demand. */
export function endpointsIn(documents: readonly HeldDocument[]): (id: string) => Endpoint[] | undefined {
  const texts = new Map(documents.flatMap(({ text, instances }) => instances.map((id) => [id, text] as const)));
  return (id) => {
    const text = texts.get(id);
    return text === undefined ? undefined : readKept(JSON.parse(text))?.endpoints;
  };
}
