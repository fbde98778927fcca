import { blockingMs, type ReadOptions as ConsulReadOptions } from '../../codecs/consul/parameters';
import { indexOf, revisionAt } from '../../codecs/consul/records';
import type { RouteCall } from '../../http/pipeline/route-call';
import { revisionOf } from '../../model/cursor';
import type { JsonText } from '../../model/json';
import { CONSUL_WAIT_MAX_MS } from '../../model/limits';
import type { ReadAnswer, ReadOptions } from '../../model/namespace-api';

/** A read that clients may repeat with the index of its last answer, to wait for the next one. */
export interface IndexedRead<T> {
  /** A change to it ends a wait. */
  about: Parameters<RouteCall['readAfter']>[0]['about'];
  ask: (options: ReadOptions) => Promise<ReadAnswer<T>>;
}

/** An answer with its index: the same one for as long as nothing has changed, and otherwise a higher one. */
export interface IndexedAnswer<T> {
  body: JsonText<T>;
  cursor: string;
  index: number;
}

/** The parameters of a blocking query. */
export type Blocking = Pick<ConsulReadOptions, 'index' | 'waitMs'>;

/** Returns how long a query waits without its random part: waits of hours end early, with the index unchanged. */
export const waitOf = ({ index, waitMs }: Blocking): number =>
  index === 0n ? 0 : Math.min(waitMs, CONSUL_WAIT_MAX_MS);

/**
 * Reads, and with an index waits until something has changed after it. At the end of the wait, the answer has the index of
 * the request, so that its client knows that nothing has changed.
 *
 * An index that the namespace has not reached, of another life of it, or that is too old to tell counts as changed: its client
 * gets the current one.
 */
export async function blockingRead<T>(
  call: Pick<RouteCall, 'readAfter' | 'tokenId'>,
  asked: Blocking,
  { about, ask }: IndexedRead<T>,
): Promise<IndexedAnswer<T>> {
  const { tokenId } = call;
  const { index } = asked;
  const whole = async () => answered(await ask({ tokenId }));
  if (index === 0n) return whole();
  const after = revisionAt(index);
  const waitMs = blockingMs(waitOf(asked), Math.random());
  const changed = await call.readAfter({ about, ask, after, waitMs });
  if (changed.body !== null) return answered(changed);
  const unchanged = await whole();
  // Asked once more, because something may have changed between the end of the wait and the read.
  const late = await ask({ ifChangedAfter: after, tokenId });
  return late.body === null ? { ...unchanged, index: Number(index) } : answered(late);
}

function answered<T>({ cursor, body }: ReadAnswer<T>): IndexedAnswer<T> {
  if (body === null) throw new Error('a read without a condition has a body');
  return { body, cursor, index: indexOf(revisionOf(cursor)) };
}
