import type { InstanceKey } from '../../model/batch';
import { hasCode } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';
import type { NamespaceApi, ReadAnswer } from '../../model/namespace-api';
import type { OverrideView } from '../../model/override';

/** An instance as it is now; undefined where there is none. */
export function findInstance(
  namespace: NamespaceApi,
  key: InstanceKey,
  tokenId: string,
): Promise<InstanceView | undefined> {
  return unlessMissing(namespace.readInstance({ key, tokenId }));
}

/** What operators say over an instance; undefined where they say nothing. */
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
