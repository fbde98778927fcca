import type { Subscriber } from '../../client/wire/answers';

/** Progress of a change through the subscribers of its service. */
export interface Progress {
  /** Subscribers that have acknowledged it. */
  acknowledged: number;
  /** Subscribers that it waits for. */
  all: number;
  /** Those that have not acknowledged it, with the number of revisions that were not sent to them yet. */
  behind: { id: string; lag: number }[];
}

/**
 * Returns how far a revision has come.
 *
 * @param awaited Ids of the subscribers at the time of the change: later ones have never seen the state before it. One that
 * has left is not counted.
 */
export function progressOf(
  subscribers: readonly Subscriber[],
  awaited: ReadonlySet<string>,
  revision: number,
): Progress {
  const counted = subscribers.filter(({ id, observer }) => observer !== true && awaited.has(id));
  const behind = counted
    .filter(({ acknowledgedRevision }) => acknowledgedRevision < revision)
    .map(({ id, lag }) => ({ id, lag }));
  return { acknowledged: counted.length - behind.length, all: counted.length, behind };
}
