import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { deferred } from '../../model/deferred';
import { type EntryView, keyOf } from '../../model/entry';
import { intervalOf, intervalOfPrefix } from '../../model/key-interval';
import type { PutOperation, Transaction } from '../../model/transaction';
import type { EntryChange, EtcdNamespace, WatchEnd } from './etcd-namespace';

/**
 * Locks and elections of etcd are a line of keys under a prefix, each with the lease of its client: the one that was created
 * first is in front (`client/v3/concurrency`). Keys here have one character a byte.
 */

/** A place in a line. */
export interface Place {
  key: string;
  /** Revision of the registry that created the key. */
  createdRevision: number;
  /** Revision of the registry when the place was taken or found. */
  revision: number;
  /** The key as it was found; undefined if this call has created it. */
  found: EntryView | undefined;
}

/** Returns the prefix of a line's keys. */
export const lineOf = (name: string): string => `${name}/`;

/** Returns the key of a lease in a line. */
export const placeKey = (name: string, lease: bigint): string => `${lineOf(name)}${lease.toString(16)}`;

/** Takes a place in a line, or finds the one that the lease has already. */
export async function takePlace(
  namespace: EtcdNamespace,
  name: string,
  { lease, value }: { lease: bigint; value: string },
): Promise<Place> {
  const key = placeKey(name, lease);
  const interval = intervalOf(key);
  const put: PutOperation = { op: 'put', key, value, lease: String(lease), door: 'etcd' };
  const transaction: Transaction = {
    if: [{ interval, property: 'exists', operand: false }],
    do: [put],
    else: [{ op: 'range', interval }],
  };
  const { revision, results } = await namespace.transaction(transaction);
  const [result] = results;
  const found = result?.op === 'range' ? result.entries[0] : undefined;
  return { key, createdRevision: found?.createdRevision ?? revision, revision, found };
}

/** Returns the key in front of a line, and the revision of that moment. */
export async function frontOf(
  namespace: EtcdNamespace,
  name: string,
): Promise<{ front: EntryView | undefined; revision: number }> {
  const interval = intervalOfPrefix(lineOf(name));
  const { revision, body } = await namespace.range({ interval, order: 'createdRevision', limit: 1 });
  return { front: body.entries[0], revision };
}

/**
 * Waits until all keys that are before a place in its line are gone.
 *
 * @param signal Ends the wait; the place is given up then.
 * @returns Revision of the registry at that moment.
 * @throws {RegistryError} With etcd's text if the lease of the place has ended meanwhile.
 */
export async function waitForFront(
  namespace: EtcdNamespace,
  name: string,
  place: Place,
  signal: AbortSignal,
): Promise<number> {
  const interval = intervalOfPrefix(lineOf(name));
  try {
    for (;;) {
      // The latest of those before: it is the last to leave, unless one in the middle gives up.
      const { revision, body } = await namespace.range({
        interval,
        order: 'createdRevision',
        keysOnly: true,
      });
      const before = body.entries.filter(({ createdRevision }) => createdRevision < place.createdRevision).at(-1);
      if (before === undefined) {
        if (body.entries.some((entry) => keyOf(entry) === place.key)) return revision;
        throw ETCD_ERRORS.sessionExpired();
      }
      await deletionOf(namespace, keyOf(before), revision, signal);
    }
  } catch (error) {
    if (signal.aborted) await leaveLine(namespace, place);
    throw error;
  }
}

/** Gives up a place, unless its key belongs to another one by now. Returns the revision of that moment. */
export async function leaveLine(
  namespace: EtcdNamespace,
  { key, createdRevision }: Pick<Place, 'key' | 'createdRevision'>,
): Promise<number> {
  const interval = intervalOf(key);
  const { revision } = await namespace.transaction({
    if: [{ interval, property: 'createdRevision', is: '=', operand: createdRevision }],
    do: [{ op: 'delete', interval }],
    else: [],
  });
  return revision;
}

/** Waits until a key is deleted after a revision. */
function deletionOf(namespace: EtcdNamespace, key: string, after: number, signal: AbortSignal): Promise<void> {
  return untilChange(namespace, { prefix: key, isSingle: true, after }, signal, ({ type }) => type === 'delete');
}

/**
 * Waits for a change after a revision.
 *
 * @param isAwaited Returns whether it is the one that is waited for.
 * @throws {RegistryError} If the wait ends otherwise.
 */
export function untilChange(
  namespace: EtcdNamespace,
  { prefix, isSingle, after }: { prefix: string; isSingle: boolean; after: number },
  signal: AbortSignal,
  isAwaited: (change: EntryChange, revision: number) => boolean,
): Promise<void> {
  const { promise, resolve, reject } = deferred<void>();
  let isOver = false;
  const watches = namespace.openWatches();
  const cancelled = () => reject(ETCD_ERRORS.cancelled());
  signal.addEventListener('abort', cancelled);
  if (signal.aborted) cancelled();
  watches.watch(
    { interval: isSingle ? intervalOf(prefix) : intervalOfPrefix(prefix), after, previous: false },
    {
      begun: () => {},
      changed: (revision, changes) => {
        // A client that has got what it waited for is not asked about what follows.
        if (isOver || !changes.some((change) => isAwaited(change, revision))) return;
        isOver = true;
        resolve();
      },
      reached: () => {},
      ended: (reason) => reject(endError(reason)),
    },
  );
  return promise.finally(() => {
    signal.removeEventListener('abort', cancelled);
    watches.close();
  });
}

function endError(reason: WatchEnd): Error {
  if (reason.kind === 'refused') return reason.error;
  return reason.kind === 'compacted' ? ETCD_ERRORS.compacted() : ETCD_ERRORS.noLeader();
}
