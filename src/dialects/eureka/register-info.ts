import type { WrittenInfo } from '../../codecs/eureka/info';
import { registrationOf } from '../../codecs/eureka/registration';
import { keptBy, ownStatus } from '../../codecs/eureka/shown-info';
import { type EurekaStatus, statedStatus } from '../../codecs/eureka/status';
import { findInstance } from '../../http/dialect-calls/find-record';
import { parsed } from '../../http/request/field-errors';
import type { InstanceKey } from '../../model/batch';
import { hasCode, RegistryError } from '../../model/errors';
import { type Extensions, InstanceDefinition, type InstanceView } from '../../model/instance';
import { EXTENSIONS_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import { plainDefinition } from '../../model/plain-definition';
import { newInstanceKey } from './instance-keys';

/** How often a registration is decided anew because another write was faster. */
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

/** Returns the status that counted; where an operator's override hides it, the instance's own as it was registered. */
function countedStatus(before: InstanceView) {
  return before.overridden ? ownStatus(before) : statedStatus(before);
}

/** Tells whether what is kept was written after this, by the client's own clock. */
function isNewer(before: InstanceView, { lastDirtyTimestamp }: WrittenInfo): boolean {
  const kept = keptBy(before)?.lastDirtyTimestamp;
  return kept !== undefined && lastDirtyTimestamp !== undefined && kept > lastDirtyTimestamp;
}

/**
 * Makes the definition that an instance is registered with.
 *
 * @param status What counts of its status.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
function definitionOf(info: WrittenInfo, status: EurekaStatus): InstanceDefinition {
  const { plain, ports, extensions } = registrationOf(info, status);
  assertFits(extensions);
  // Nearly all are plain, but for what the codec made, and a schema takes as long as all the rest.
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
 * Decides the status that a registration leads to, where no operator has set one: Eureka's rules for a server outside of AWS.
 *
 * @param own What the instance says now.
 * @param before The status that counted until now; undefined for one that was not there.
 */
function registeredStatus(own: EurekaStatus, before: EurekaStatus | undefined): EurekaStatus {
  const isSettled = (status: EurekaStatus | undefined) => status === 'UP' || status === 'OUT_OF_SERVICE';
  // Between these two only the status call leads: a client that comes back says UP, also where it was taken out.
  return before !== undefined && isSettled(own) && isSettled(before) ? before : own;
}
