import type { WrittenInfo } from '../../codecs/eureka/info';
import { registrationOf } from '../../codecs/eureka/registration';
import { keptBy, ownStatus } from '../../codecs/eureka/shown-info';
import { type EurekaStatus, statedStatus } from '../../codecs/eureka/status';
import { findInstance } from '../../http/dialect-calls/find-record';
import { retried } from '../../http/dialect-calls/retried';
import { parsed } from '../../http/request/field-errors';
import { asRead, type InstanceKey } from '../../model/batch';
import { hasCode, RegistryError } from '../../model/errors';
import { type Extensions, InstanceDefinition, type InstanceView } from '../../model/instance';
import { EXTENSIONS_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import { plainDefinition } from '../../model/plain-definition';
import { newInstanceKey } from './instance-keys';

/**
 * Registers an instance by Eureka's rules. A new instance needs one call. An existing one is read first to find the status
 * in effect, and replaced only if it has not changed since.
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

function registerAgain(namespace: NamespaceApi, caller: Caller, key: InstanceKey, info: WrittenInfo): Promise<void> {
  return retried(`the instance "${key.id}"`, async () => {
    const before = await findInstance(namespace, key, caller.tokenId);
    if (before !== undefined && isNewer(before, info)) return void (await namespace.renew(caller, key));
    const status = registeredStatus(info.status, before && countedStatus(before));
    await namespace.register(caller, { key, definition: definitionOf(info, status), precondition: asRead(before) });
  });
}

/** Returns the status in effect; if an override hides it, the one that the instance registered with. */
function countedStatus(before: InstanceView) {
  return before.overridden ? ownStatus(before) : statedStatus(before);
}

/** Reports whether the stored registration is newer than this one, by the client's clock. */
function isNewer(before: InstanceView, { lastDirtyTimestamp }: WrittenInfo): boolean {
  const kept = keptBy(before)?.lastDirtyTimestamp;
  return kept !== undefined && lastDirtyTimestamp !== undefined && kept > lastDirtyTimestamp;
}

/**
 * Returns the definition of an instance for the core.
 *
 * @param status Status in effect.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
function definitionOf(info: WrittenInfo, status: EurekaStatus): InstanceDefinition {
  const { plain, ports, extensions } = registrationOf(info, status);
  assertFits(extensions);
  // Nearly all are plain except for the codec's extensions, and a schema takes as long as everything else.
  const definition = plainDefinition(plain);
  if (definition !== undefined) return { ...definition, ports, extensions };
  return parsed(InstanceDefinition, { ...plain, ports, extensions }, 'body');
}

function assertFits(extensions: Extensions): void {
  const bytes = utf8Length(JSON.stringify(extensions));
  if (bytes <= EXTENSIONS_MAX_BYTES) return;
  throw new RegistryError(
    'INVALID_REQUEST',
    `URLs, virtual addresses and data center take ${bytes} bytes together; at most ${EXTENSIONS_MAX_BYTES} are kept`,
  );
}

/**
 * Returns the status that a registration results in without an override, by Eureka's rules for a server outside AWS.
 *
 * @param own Status that the instance reports now.
 * @param before Status in effect until now; undefined for a new instance.
 */
function registeredStatus(own: EurekaStatus, before: EurekaStatus | undefined): EurekaStatus {
  const isSettled = (status: EurekaStatus | undefined) => status === 'UP' || status === 'OUT_OF_SERVICE';
  // Only the status call changes one of these to the other, because a client that returns reports UP even if it was taken
  // out of traffic.
  return before !== undefined && isSettled(own) && isSettled(before) ? before : own;
}
