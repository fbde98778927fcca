import type { SnapshotService } from '../../model/frames';
import { readJsonText } from '../../model/json';
import type { NamespaceApi } from '../../model/namespace-api';
import { type ShownInstance, shownInstances } from './shown-instances';

/** A service with its instances as Nacos shows them. */
export type WholeService = Omit<SnapshotService, 'instances'> & { shown: ShownInstance[] };

/**
 * All services of a namespace with all their instances, as of one moment: in one call, or in several where it is large,
 * so that no more of it is in memory than a part and a service.
 */
export async function* wholeNamespace(namespace: NamespaceApi, tokenId: string): AsyncGenerator<WholeService> {
  let service: SnapshotService | undefined;
  for await (const piece of pieces(namespace, tokenId)) {
    if (service?.group === piece.group && service.name === piece.name) {
      service.instances.push(...piece.instances);
      continue;
    }
    if (service !== undefined) yield whole(service);
    service = piece;
  }
  if (service !== undefined) yield whole(service);
}

function whole({ instances, ...service }: SnapshotService): WholeService {
  return { ...service, shown: shownInstances(instances) };
}

/** The services as they come: a large one in pieces, one after the other. */
async function* pieces(namespace: NamespaceApi, tokenId: string): AsyncGenerator<SnapshotService> {
  let after: string | undefined;
  do {
    const { body } = await namespace.snapshot({ after, tokenId });
    if (body === null) return;
    const { services, next } = readJsonText(body);
    yield* services;
    after = next;
  } while (after !== undefined);
}
