import { digestOf } from '../../auth/token-text';
import { RegistryError } from '../../model/errors';
import type { WatchScope } from '../../model/frames';
import type { ReadAnswer } from '../../model/namespace-api';
import type { NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import { ChangeSignal } from './change-signal';
import { jittered, type Waits } from './waits';

/** What a poll is held with. */
export interface LongPoll {
  sockets: NamespaceSockets;
  waits: Waits;
  /** Who polls: a subscriber by the name that it gave itself, or without one. */
  purpose: SocketPurpose;
  /** What is read, with all that the answer depends on: a new poll of it by the same subscriber takes this one's place. */
  resource: string;
  /** What has to change before it is read again. */
  scope: WatchScope;
  waitMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/**
 * A conditional read that waits until its answer is another one, or time is up: then it is the 304 that it was.
 *
 * While it waits it is one sleeping socket to the namespace. The timer for its end runs here, in a request of its own.
 *
 * @param ask The read, with its condition; asked again whenever something in the scope has changed.
 * @throws {RegistryError} `CONFLICT` if the same subscriber asked the same again, `LIMIT_EXCEEDED`, `UNAVAILABLE`.
 */
export async function longPoll<T>(ask: () => Promise<ReadAnswer<T>>, poll: LongPoll): Promise<ReadAnswer<T>> {
  const { sockets, waits, purpose, scope, waitMs, now } = poll;
  const { subscriber, caller } = purpose;
  const endsAt = now() + jittered(waitMs);
  let answer = await ask();
  if (answer.body !== null) return answer;
  const leave = waits.enter({ tokenId: caller.tokenId, subscriber }, waitMs);
  try {
    const watch = { name: await nameOf(poll.resource), scope, cursor: answer.cursor };
    const signal = await ChangeSignal.open(sockets, purpose, watch);
    try {
      for (let left = endsAt - now(); left > 0; left = endsAt - now()) {
        const told = await signal.next(left);
        if (told === 'superseded') throw superseded(subscriber);
        // Who is cut off comes back as if time were up: the condition it comes back with misses nothing.
        if (told !== 'changed') break;
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

/** A short name for what is read, the same every time. */
async function nameOf(resource: string): Promise<string> {
  const digest = await digestOf(resource);
  return Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function superseded(subscriber: string): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `subscriber "${subscriber}" has begun another poll of the same, which takes the place of this one; give each process a name of its own`,
  );
}
