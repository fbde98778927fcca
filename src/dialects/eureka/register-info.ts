import { findInstance } from '../../http/dialect-calls/find-record';
import type { InstanceKey } from '../../model/batch';
import { hasCode, RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import { newInstanceKey } from './app-names';
import { registeredStatus, statedStatus } from './status';
import { definitionOf, keptBy, ownStatus } from './translate';
import type { WrittenInfo } from './wire';

/** How often a registration is decided anew because somebody else was faster. */
const ATTEMPTS_MAX_COUNT = 5;

/**
 * Registers an instance by Eureka's rules. One that was not there is one call; for one that was, what counted of it is
 * read first, and it is replaced only if it is still that.
 */
export async function registerInfo(namespace: NamespaceApi, caller: Caller, info: WrittenInfo): Promise<void> {
  const key = newInstanceKey(info.app, info.instanceId);
  const { status, overriddenStatus } = info;
  const seeded = overriddenStatus === 'UNKNOWN' ? undefined : overriddenStatus;
  const definition = definitionOf(info, registeredStatus(status, seeded));
  try {
    await namespace.register(caller, { key, definition, precondition: { absent: true } });
  } catch (error) {
    if (!hasCode(error, 'REVISION_MISMATCH')) throw error;
    await registerAgain(namespace, caller, key, info);
  }
}

async function registerAgain(
  namespace: NamespaceApi,
  caller: Caller,
  key: InstanceKey,
  info: WrittenInfo,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX_COUNT; attempt++) {
    try {
      const before = await findInstance(namespace, key, caller.tokenId);
      if (before !== undefined && isNewer(before, info)) return void (await namespace.renew(caller, key));
      const status = registeredStatus(info.status, before && countedStatus(before));
      const precondition = before === undefined ? { absent: true } : { revision: before.revision };
      await namespace.register(caller, { key, definition: definitionOf(info, status), precondition });
      return;
    } catch (error) {
      // Changed or gone meanwhile.
      if (!hasCode(error, 'REVISION_MISMATCH') && !hasCode(error, 'INSTANCE_NOT_FOUND')) throw error;
    }
  }
  throw new RegistryError('UNAVAILABLE', `the instance "${key.id}" is changed all the time by others; try again`);
}

/** What counted of its own status; where an operator's word hides it, its own word as it was registered. */
function countedStatus(before: InstanceView) {
  return before.overridden ? ownStatus(before) : statedStatus(before);
}

/** What is kept has been written after this, by the client's own clock. */
function isNewer(before: InstanceView, { lastDirtyTimestamp }: WrittenInfo): boolean {
  const kept = keptBy(before)?.lastDirtyTimestamp;
  return kept !== undefined && lastDirtyTimestamp !== undefined && kept > lastDirtyTimestamp;
}
