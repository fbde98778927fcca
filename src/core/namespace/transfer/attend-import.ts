import { IMPORT_IDLE_MAX_MS } from '../../../model/limits';
import type { Caller } from '../../../model/namespace-api';
import { turn } from '../turn/turn';
import { applySlice } from './apply';
import type { ImportState } from './import-state';
import type { KeptImport } from './imports';

/** Forgets what was put aside, where it is not being applied. */
export function dropImport(
  state: ImportState,
  { tokenId }: Caller,
  { importId }: { importId: string },
): Promise<{ cursor: string }> {
  return turn(
    state,
    undefined,
    () => {
      const { current } = state.imports;
      if (current?.id === importId && current.phase === 'staging') forgetStaged(state, current);
      return { cursor: state.journal.cursor };
    },
    tokenId,
  );
}

function forgetStaged({ imports, pipeline }: ImportState, kept: KeptImport): void {
  const write = imports.keep({ ...kept, phase: 'dropped' });
  pipeline.enqueue(() => {
    write();
    imports.staged.clear();
  });
}

/** For a wake: one that is being applied goes on, and others are told of nothing until it has ended. */
export function resumeImport(state: ImportState): void {
  const { imports, time, agenda } = state;
  if (!imports.isUnderWay) return;
  imports.schedule(agenda, imports.isApplying ? time.now() : time.now() + IMPORT_IDLE_MAX_MS);
  if (imports.isReplacing) state.publisher.hold();
}

/**
 * For an alarm: applies the next slice of an import that nobody goes on with, or forgets one of which nothing more came.
 *
 * @returns Whether there is more to apply.
 */
export function attendImport(state: ImportState, now: number): boolean {
  const { imports } = state;
  const kept = imports.current;
  if (kept === undefined || !imports.isUnderWay || now < imports.dueAt) return false;
  if (kept.phase === 'staging') forgetStaged(state, kept);
  else applySlice(state, now);
  return imports.isApplying;
}
