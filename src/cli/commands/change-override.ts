import type { Admin } from '../../client/admin';
import type { OverrideBody } from '../../client/admin/requests';
import type { Override } from '../../client/wire/answers';
import { RollcallError } from '../../client/wire/rollcall-error';
import type { ServiceName } from '../options/option-values';

/** Others change an override, too; more than so many times between a read and a write is no accident. */
const ATTEMPTS_COUNT = 5;

/** An instance by its names. */
export interface InstanceName extends ServiceName {
  id: string;
}

const isRefusal = (error: unknown, code: string): boolean => error instanceof RollcallError && error.code === code;

/** What an operator may set, without who set it and when. */
function settingsOf({ enabled, weight, status, metadata, quarantine }: Override): OverrideBody {
  return { enabled, weight, status, metadata, quarantine };
}

const isEmpty = (override: OverrideBody): boolean => Object.values(override).every((value) => value === undefined);

/** The override with its position in history; undefined where there is none. */
async function read(registry: Admin, name: InstanceName): Promise<{ body: OverrideBody; cursor: string } | undefined> {
  let cursor = '';
  const onAnswer = ({ headers }: Response) => {
    cursor = headers.get('rollcall-cursor') ?? '';
  };
  try {
    return { body: settingsOf(await registry.readOverride({ ...name, onAnswer })), cursor };
  } catch (error) {
    if (isRefusal(error, 'INSTANCE_NOT_FOUND')) return undefined;
    throw error;
  }
}

/**
 * Changes one thing of what operators say about an instance, and leaves the others as they are: an override is written
 * as a whole, so it is read first, and written only if nobody else has meanwhile.
 *
 * @param alter The override as it shall be; empty where nothing is to be said any more.
 * @returns The override as it is now; undefined where there is none.
 * @throws {RollcallError} `INSTANCE_NOT_FOUND`; `REVISION_MISMATCH` where others kept changing it.
 */
export async function changeOverride(
  registry: Admin,
  name: InstanceName,
  alter: (override: OverrideBody) => OverrideBody,
): Promise<Override | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await read(registry, name);
    const body = alter(before?.body ?? {});
    try {
      if (!isEmpty(body)) {
        const condition = before === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: before.cursor };
        return await registry.putOverride({ ...name, ...condition, body });
      }
      // That there is nothing to take back says nothing of whether there is such an instance.
      if (before === undefined) await registry.readInstance(name);
      else await registry.clearOverride({ ...name, ifMatch: before.cursor });
      return undefined;
    } catch (error) {
      if (!isRefusal(error, 'REVISION_MISMATCH') || attempt >= ATTEMPTS_COUNT) throw error;
    }
  }
}
