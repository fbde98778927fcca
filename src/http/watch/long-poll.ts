import { digestOf } from '../../auth/token-text';
import { RegistryError } from '../../model/errors';
import type { WatchScope } from '../../model/frames';
import type { ReadAnswer } from '../../model/namespace-api';
import type { NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import { ChangeSignal } from './change-signal';
import type { Waits } from './waits';

/** Options of {@link longPoll}. */
export interface LongPoll {
  sockets: NamespaceSockets;
  waits: Waits;
  /** Purpose of the poll's socket; its subscriber is empty if the poller sent no name. */
  purpose: SocketPurpose;
  /** Key of the read, with everything that the response depends on: a new poll of the same subscriber replaces this one. */
  resource: string;
  /** Scope whose changes repeat the read. */
  scope: WatchScope;
  waitMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * Runs a conditional read that waits until its result changes, or until the timeout: then it returns the 304.
 *
 * While it waits it holds one hibernating socket to the namespace. The timer runs here, in the client's own request.
 *
 * @param ask The read, with its condition; repeated whenever something in the scope has changed.
 * @throws {RegistryError} `CONFLICT` if the same subscriber starts the same poll again, `LIMIT_EXCEEDED`, `UNAVAILABLE`.
 */
export async function longPoll<T>(ask: () => Promise<ReadAnswer<T>>, poll: LongPoll): Promise<ReadAnswer<T>> {
  const { sockets, waits, purpose, scope, waitMs, now } = poll;
  const { subscriber, caller } = purpose;
  const endsAt = now() + waitMs;
  let answer = await ask();
  if (answer.body !== null) return answer;
  const leave = waits.enter({ tokenId: caller.tokenId, subscriber }, waitMs);
  try {
    const watch = { name: await nameOf(poll.resource), scope, cursor: answer.cursor };
    const signal = await ChangeSignal.open(sockets, purpose, watch);
    try {
      for (let left = endsAt - now(); left > 0; left = endsAt - now()) {
        const signalled = await signal.next(left);
        if (signalled === 'superseded') throw superseded(subscriber);
        // A poll that is cut off ends as if it timed out: the client's next condition misses nothing.
        if (signalled !== 'changed') break;
        answer = await ask();
        if (answer.body !== null) break;
      }
    } finally {
      signal.close();
    }
  } finally {
    leave();
  }
  return answer;
}

/** Returns a short, stable name for a resource. */
async function nameOf(resource: string): Promise<string> {
  const digest = await digestOf(resource);
  return Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function superseded(subscriber: string): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `subscriber "${subscriber}" has started another poll of the same resource, which replaces this one; give each process its own name`,
  );
}
