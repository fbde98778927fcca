import type { Override } from '../../client/wire/answers';
import type { OverrideBody } from '../../client/wire/bodies';
import type { ServiceDiff } from '../../client/wire/history-answers';
import { bodyOf, isSameOverride } from './acts';

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
