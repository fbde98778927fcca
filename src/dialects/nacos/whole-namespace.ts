import type { SnapshotService } from '../../model/frames';
import { readJsonText } from '../../model/json-text';
import type { NamespaceApi } from '../../model/namespace-api';

/**
 * All services of a namespace with all their instances, as of one moment: in one call, or in several where it is large,
 * so that never all of it is in memory. A large service comes in pieces.
 */
export async function* wholeNamespace(namespace: NamespaceApi, tokenId: string): AsyncGenerator<SnapshotService> {
  let after: string | undefined;
  do {
    const { body } = await namespace.snapshot({ after, tokenId });
    if (body === null) return;
    const { services, next } = readJsonText(body);
    yield* services;
    after = next;
  } while (after !== undefined);
}
