import type { Cause } from '../../../model/history';
import { isMarkedForNewEpoch, unmarkForNewEpoch } from '../../storage/schema';
import type { CommitState } from './commit-state';
import { REGISTRY_ACTOR } from './journal';

/** The parts of a namespace that a new epoch changes. */
type EpochState = Pick<CommitState, 'journal' | 'time' | 'platform' | 'pipeline' | 'publisher' | 'counters'>;

/**
 * Begins a new epoch, as a separate commit without changes. Existing cursors belong to a different history, and no journal
 * leads from there to the current state. Revisions jump ahead of all earlier ones, and older cursors become invalid; their
 * states can still be read by time, or by the cursors that the history returns. Watchers are made to start over once the
 * commit is durable.
 *
 * It costs three rows, and one more if the storage was marked for it.
 *
 * @param cause `imported` or `restored`; watchers receive it as the reason of their reset.
 * @param actor Id of the token, or `registry`.
 * @param also Writes more in the same transaction.
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

/** Returns a random id for an epoch. */
export function newEpoch(random: { id(): string }): string {
  return random.id().slice(0, 12);
}

/** Begins a new epoch if the storage is marked for one. A wake calls it once everything is loaded. */
export function changeEpochIfMarked(state: EpochState): void {
  if (isMarkedForNewEpoch(state.platform.storage)) changeEpoch(state, 'restored', REGISTRY_ACTOR);
}
