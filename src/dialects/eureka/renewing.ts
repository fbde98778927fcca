import { LRUCache } from 'lru-cache';
import { keptBy } from '../../codecs/eureka/shown-info';
import { findInstance } from '../../http/dialect-calls/find-record';
import type { InstanceKey } from '../../model/batch';
import { countBound } from '../../model/cache-bound';
import { hasCode } from '../../model/errors';
import type { Renewal } from '../../model/instance';
import { type JsonText, readJsonText } from '../../model/json';
import { EUREKA_REGISTRATIONS_REMEMBERED_MAX_COUNT } from '../../model/limits';
import type { Caller, NamespaceApi } from '../../model/namespace-api';

/** The part of a registration that heartbeats need: its revision, and its last change by the client's clock. */
interface Registration {
  revision: number;
  lastDirtyTimestamp: number | undefined;
}

/**
 * Renews leases. A client that has changed its instance since the registration must register again. The time of the last
 * registered change is read once for each registration, and cached.
 */
export class Renewing {
  readonly #known = new LRUCache<string, Registration>(countBound(EUREKA_REGISTRATIONS_REMEMBERED_MAX_COUNT));

  /**
   * @param namespaceId Id of the namespace, part of the key of the cache.
   * @param lastDirtyTimestamp Time of the client's last change; undefined if it sends none.
   * @returns False if the client must register again.
   */
  async renew(
    namespace: NamespaceApi,
    namespaceId: string,
    caller: Caller,
    key: InstanceKey,
    lastDirtyTimestamp: number | undefined,
  ): Promise<boolean> {
    const body = await renewed(namespace, caller, key);
    if (body === undefined || lastDirtyTimestamp === undefined) return true;
    const { revision } = readJsonText(body);
    // Names can't contain a line break.
    const name = `${namespaceId}\n${key.group}\n${key.service}\n${key.id}`;
    const known = this.#known.get(name);
    const registration = known?.revision === revision ? known : await this.#learn(name, namespace, caller, key);
    const kept = registration?.lastDirtyTimestamp;
    return kept === undefined || lastDirtyTimestamp <= kept;
  }

  async #learn(
    name: string,
    namespace: NamespaceApi,
    caller: Caller,
    key: InstanceKey,
  ): Promise<Registration | undefined> {
    const view = await findInstance(namespace, key, caller.tokenId);
    if (view === undefined) return undefined;
    const { revision } = view;
    const registration = { revision, lastDirtyTimestamp: keptBy(view)?.lastDirtyTimestamp };
    this.#known.set(name, registration);
    return registration;
  }
}

/** Renews a lease; returns undefined for an instance without one. */
async function renewed(
  namespace: NamespaceApi,
  caller: Caller,
  key: InstanceKey,
): Promise<JsonText<Renewal> | undefined> {
  try {
    return (await namespace.renew(caller, key)).body;
  } catch (error) {
    if (hasCode(error, 'CONFLICT')) return undefined;
    throw error;
  }
}
