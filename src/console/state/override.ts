import type { Override } from '../../client/wire/answers';
import type { OverrideBody } from '../../client/wire/bodies';
import type { ServiceDiff } from '../../client/wire/history-answers';

/** Returns an override as the body that would set it again. */
export function bodyOf({ enabled, weight, status, metadata, quarantine }: Override): OverrideBody {
  return {
    ...(enabled !== undefined && { enabled }),
    ...(weight !== undefined && { weight }),
    ...(status !== undefined && { status }),
    ...(metadata !== undefined && { metadata }),
    ...(quarantine !== undefined && { quarantine }),
  };
}

/** Returns an override without its quarantine; undefined if nothing else is left. */
export function withoutQuarantine(override: Override): OverrideBody | undefined {
  const { quarantine: _lifted, ...rest } = bodyOf(override);
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** Reports whether an override is already as it is wanted; undefined: there is none. */
export function isSameOverride(one: OverrideBody | undefined, other: OverrideBody | undefined): boolean {
  return ordered(one) === ordered(other);
}

const ordered = (body: OverrideBody | undefined): string =>
  body === undefined
    ? ''
    : JSON.stringify([
        body.enabled ?? null,
        body.weight ?? null,
        body.status ?? null,
        Object.entries(body.metadata ?? {}).sort(([one], [other]) => (one < other ? -1 : 1)),
        body.quarantine !== undefined,
        body.quarantine?.until ?? null,
        body.quarantine?.reason ?? null,
      ]);

/** State of an override before and after an act. */
export interface Undoable {
  id: string;
  /** Position before the act. */
  before: string;
  /** Position after the act: the condition of putting the override back. */
  after: string;
  /** The override before the act; undefined if there was none. */
  override: OverrideBody | undefined;
  /** Revision of the override that the act left; undefined if it left none. */
  left: number | undefined;
}

/**
 * Decision on how to undo an act:
 *
 * - `rollback`: the service has changed by this act alone, so it is rolled back.
 * - `override`: other things have changed, too, so only the override is put back.
 * - `none`: the override is already as it was before.
 * - `changed`: someone else has changed the override since.
 */
export type UndoPlan = 'rollback' | 'override' | 'none' | 'changed';

/**
 * Decides how to undo an act. A rollback covers the whole service, so it must not take back changes of others.
 *
 * @param current The override now; undefined if there is none.
 * @param diff Differences of the service since before the act; undefined if the history no longer goes back to it.
 */
export function planUndo(act: Undoable, current: Override | undefined, diff: ServiceDiff | undefined): UndoPlan {
  if (isSameOverride(current && bodyOf(current), act.override)) return 'none';
  if (current?.revision !== act.left) return 'changed';
  if (diff === undefined) return 'override';
  const { service, instances, next } = diff;
  const isAlone = service === undefined && next === undefined && instances.every(({ id }) => id === act.id);
  return isAlone ? 'rollback' : 'override';
}
