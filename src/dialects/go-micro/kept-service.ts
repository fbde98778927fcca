import { denseEndpoint, type StoredPart, storedPartOf } from '../../codecs/go-micro/kept';
import { entryOf } from '../../codecs/go-micro/node';
import { type Endpoint, readKept, type Service } from '../../codecs/go-micro/service';
import type { HeldDocument, SharedDocument } from '../../model/dialect-reads';
import { quote, RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { DOCUMENT_MAX_BYTES } from '../../model/limits';

/**
 * The part of a service that has no counterpart in the core, as it is stored: what each node stores and, if that is only
 * brief, a document with the endpoints, once for all nodes of the version.
 */
export interface KeptService extends StoredPart {
  /** All endpoints, if they don't fit into a node. */
  document: SharedDocument | undefined;
}

/**
 * Returns a service in the form in which it is stored.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if that exceeds the limits of its nodes or of a document.
 */
export async function keptServiceOf(service: Service): Promise<KeptService> {
  const stored = storedPartOf(service);
  return { ...stored, document: stored.isBrief ? await documentOf(service.name, service.endpoints) : undefined };
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

/** Returns a lookup of all endpoints by node id, for nodes with a shared document. Each document is parsed on demand. */
function endpointsIn(documents: readonly HeldDocument[]): (id: string) => Endpoint[] | undefined {
  const texts = new Map(documents.flatMap(({ text, instances }) => instances.map((id) => [id, text] as const)));
  return (id) => {
    const text = texts.get(id);
    return text === undefined ? undefined : readKept(JSON.parse(text))?.endpoints;
  };
}

/**
 * Groups instances of a service by version. Data of a version is taken from its most recently changed instance.
 *
 * @param documents Documents that the instances share, if they were requested.
 */
export function servicesOf(instances: readonly InstanceView[], documents: readonly HeldDocument[] = []): Service[] {
  const endpointsOf = endpointsIn(documents);
  const versions = Map.groupBy(
    instances.map((instance) => ({ entry: entryOf(instance), id: instance.id, revision: instance.revision })),
    ({ entry }) => entry.version,
  );
  return [...versions.values()].map((all) => {
    const { entry, id } = all.reduce((newest, each) => (each.revision > newest.revision ? each : newest));
    const endpoints = endpointsOf(id) ?? entry.endpoints;
    return { ...entry, endpoints, nodes: all.flatMap(({ entry: { nodes } }) => nodes) };
  });
}
