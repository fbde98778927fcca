import type { InstanceKey } from '../../model/batch';
import { RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json-text';
import type { Caller, NamespaceApi } from '../../model/namespace-api';

/** An instance as it is now; undefined where there is none. */
export async function findInstance(
  namespace: NamespaceApi,
  { tokenId }: Caller,
  key: InstanceKey,
): Promise<InstanceView | undefined> {
  try {
    const { body } = await namespace.readInstance({ key, tokenId });
    return body === null ? undefined : readJsonText(body);
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'INSTANCE_NOT_FOUND') return undefined;
    throw error;
  }
}
