import { RollcallError } from '../client/rollcall-error';
import type { Override, OverrideView } from '../model/override';
import type { InstanceName, RegistryCalls } from './registry-calls';

/** Others change an override, too; more than so many times between a read and a write is no accident. */
const ATTEMPTS_COUNT = 5;

/** What an operator may set, without who set it and when. */
function settingsOf({ enabled, weight, status, metadata, quarantine }: OverrideView): Override {
  return { enabled, weight, status, metadata, quarantine };
}

const isEmpty = (override: Override): boolean => Object.values(override).every((value) => value === undefined);

/**
 * Changes one thing of what operators say about an instance, and leaves the others as they are: an override is written
 * as a whole, so it is read first, and written only if nobody else has meanwhile.
 *
 * @param alter The override as it shall be; empty where nothing is to be said any more.
 * @returns The override as it is now; undefined where there is none.
 * @throws {RollcallError} `INSTANCE_NOT_FOUND`; `REVISION_MISMATCH` where others kept changing it.
 */
export async function changeOverride(
  registry: RegistryCalls,
  name: InstanceName,
  alter: (override: Override) => Override,
): Promise<OverrideView | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await registry.override(name);
    const wanted = alter(before === undefined ? {} : settingsOf(before.override));
    try {
      if (!isEmpty(wanted)) return await registry.putOverride(name, wanted, before?.etag);
      // That there is nothing to take back says nothing of whether there is such an instance.
      if (before === undefined) await registry.instance(name);
      else await registry.deleteOverride(name, before.etag);
      return undefined;
    } catch (error) {
      const isRace = error instanceof RollcallError && error.code === 'REVISION_MISMATCH';
      if (!isRace || attempt >= ATTEMPTS_COUNT) throw error;
    }
  }
}
