import type { HeldDocument, SharedDocument } from '../../model/dialect-reads';
import { quote, RegistryError } from '../../model/errors';
import type { Extensions, InstanceView } from '../../model/instance';
import { DOCUMENT_MAX_BYTES, EXTENSIONS_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import { withoutTypes } from './message';
import { type Endpoint, type Kept, readKept, type Service, type Value } from './wire';

/** Under it an instance keeps what only go-micro understands. */
const EXTENSION = 'go-micro';

/**
 * The part of a service that the core has no place for, in the form that it is kept in: all of it with each node, as long as that
 * fits into extensions. Endpoints that are too many are kept once for all nodes of the version, in a document, and each
 * node keeps their names alone, as far as those fit.
 */
export interface KeptService {
  /** Metadata that each node keeps. */
  metadata: Record<string, string>;
  endpoints: Endpoint[];
  /** All endpoints, where a node can't keep them. */
  document: SharedDocument | undefined;
}

const isEmpty = (value: unknown): boolean =>
  value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** An object without its empty members, which Go takes for absent. */
const dense = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member)));

const denseValue = ({ name, type, values }: Value): object => dense({ name, type, values: values.map(denseValue) });

/** A value without content is not the same as none: Go points to it. */
const denseEndpoint = ({ name, request, response, metadata }: Endpoint): object => ({
  ...dense({ name, metadata }),
  ...(request === null ? {} : { request: denseValue(request) }),
  ...(response === null ? {} : { response: denseValue(response) }),
});

/**
 * The extensions of a node.
 *
 * @param address As it was written, where the core would not write it so; else empty.
 */
export function extensionsOf({ metadata, endpoints }: Omit<KeptService, 'document'>, address: string): Extensions {
  return { [EXTENSION]: dense({ metadata, endpoints: endpoints.map(denseEndpoint), address }) };
}

/**
 * The form in which a service is kept.
 *
 * @throws {RegistryError} `INVALID_REQUEST` where that is more than its nodes, or a document, may keep.
 */
export async function keptServiceOf({ name, metadata, endpoints, nodes }: Service): Promise<KeptService> {
  // Any node may keep its address as it was written: the longest one decides for all.
  const address = nodes.reduce((longest, node) => (node.address.length > longest.length ? node.address : longest), '');
  const bytesWith = (some: Endpoint[]) =>
    utf8Length(JSON.stringify(extensionsOf({ metadata, endpoints: some }, address)));
  if (bytesWith(endpoints) <= EXTENSIONS_MAX_BYTES) return { metadata, endpoints, document: undefined };
  const least = bytesWith([]);
  if (least > EXTENSIONS_MAX_BYTES) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `metadata and addresses of the service ${quote(name)} take ${least} bytes; at most ${EXTENSIONS_MAX_BYTES} are kept, so register less metadata`,
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
      `the endpoints of the service ${quote(name)} take ${bytes.length} bytes; at most ${DOCUMENT_MAX_BYTES} are kept for a version, so register fewer endpoints or smaller ones`,
    );
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const id = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id, text };
}

/** Reads what a node keeps of its service; undefined where it keeps nothing that can be read. */
export const keptOf = ({ extensions }: InstanceView): Kept | undefined => readKept(extensions[EXTENSION]);

/** All endpoints, of the nodes that keep a part of them, by the ids of the nodes. Each is read when it is asked for. */
export function endpointsIn(documents: readonly HeldDocument[]): (id: string) => Endpoint[] | undefined {
  const texts = new Map(documents.flatMap(({ text, instances }) => instances.map((id) => [id, text] as const)));
  return (id) => {
    const text = texts.get(id);
    return text === undefined ? undefined : readKept(JSON.parse(text))?.endpoints;
  };
}
