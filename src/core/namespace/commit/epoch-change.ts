import type { Cause } from '../../../model/history';
import { isMarkedForNewEpoch, unmarkForNewEpoch } from '../../storage/schema';
import type { CommitState } from './commit-state';
import { REGISTRY_ACTOR } from './journal';

/** The parts of a namespace that a new epoch changes. */
type EpochState = Pick<CommitState, 'journal' | 'time' | 'platform' | 'pipeline' | 'publisher' | 'counters'>;

/**
 * Begins a new epoch, as a commit of its own without changes: what holders of cursors remember is another past, and no
 * journal leads from there to what is here now. Revisions jump ahead of all that were ever given, and no older cursor
 * fits any more. What those stood for can still be read by time, or by the cursors that the history gives. Watchers are
 * told to start over once it is durable.
 *
 * It costs three rows, and one where the storage was marked for it.
 *
 * @param cause `imported` or `restored`; watchers are told it as the reason of their reset.
 * @param actor Id of the token, or `registry`.
 * @param also What is written in the same transaction.
 */
export function changeEpoch(
  { journal, time, platform, pipeline, publisher, counters }: EpochState,
  cause: Cause,
  actor: string,
  also: () => void = () => {},
): void {
  const { random, storage } = platform;
  const check = Math.floor(random.fraction() * 0x1_0000_0000);
  const write = journal.beginEpoch(newEpoch(random), cause, actor, time.stamp(), check);
  counters.commits += 1;
  const { revision, cursor } = journal;
  pipeline.enqueue(
    () => {
      write();
      if (isMarkedForNewEpoch(storage)) unmarkForNewEpoch(storage);
      also();
    },
    () => publisher.startOver({ revision, cursor }, cause),
  );
}

/** A random id for an epoch. */
export function newEpoch(random: { id(): string }): string {
  return random.id().slice(0, 12);
}

/** Begins a new epoch where the storage is marked for one. For a wake, once all is there. */
export function changeEpochIfMarked(state: EpochState): void {
  if (isMarkedForNewEpoch(state.platform.storage)) changeEpoch(state, 'restored', REGISTRY_ACTOR);
}
