import type { InstanceKey } from '../../model/batch';
import { hasCode } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';
import type { NamespaceApi, ReadAnswer } from '../../model/namespace-api';
import type { OverrideView } from '../../model/override';

/** Reads an instance; undefined if there is none. */
export function findInstance(
  namespace: NamespaceApi,
  key: InstanceKey,
  tokenId: string,
): Promise<InstanceView | undefined> {
  return unlessMissing(namespace.readInstance({ key, tokenId }));
}

/** Reads the override of an instance; undefined if there is none. */
export function findOverride(
  namespace: NamespaceApi,
  key: InstanceKey,
  tokenId: string,
): Promise<OverrideView | undefined> {
  return unlessMissing(namespace.readOverride({ key, tokenId }));
}

async function unlessMissing<T>(reading: Promise<ReadAnswer<T>>): Promise<T | undefined> {
  try {
    const { body } = await reading;
    return body === null ? undefined : readJsonText(body);
  } catch (error) {
    if (hasCode(error, 'INSTANCE_NOT_FOUND')) return undefined;
    throw error;
  }
}
