import { RegistryError } from '../../model/errors';
import {
  CALL_REPEAT_TOKENS_MAX_COUNT,
  CALL_REPEAT_WITHIN_MS,
  CALL_REPEATS_WINDOW_MS,
  CHANGE_REPEATS_MAX_COUNT,
  READ_REPEATS_MAX_COUNT,
} from '../../model/limits';
import { type Callable, type CalledObject, sealAsked, WIRE_VERSION } from './envelope';

/** One call to an object. It throws a `RegistryError` where the object refuses; anything else is a failed call. */
export type RemoteCall<T, Called> = (object: Called) => Promise<T>;

/** The clock and the randomness that retries of failed calls depend on; a test moves both by hand. */
export interface RepeatTime {
  /** Milliseconds on any clock. */
  now(): number;
  /** From 0 to less than 1. */
  random(): number;
  sleep(ms: number): Promise<void>;
}

const PLATFORM_TIME: RepeatTime = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Calls to one object, some of which are repeated when they fail.
 *
 * The platform repeats a call that never reached its object by itself, up to five times within 10 s. What still fails
 * with a passing fault, such as an object that restarts while it answers, is repeated here after a random wait, a few
 * times and within a bounded time. Under a lasting outage nothing is repeated, so that repeats don't multiply the load:
 * each failed try takes a token, a call that works gives a tenth of one back, and below half the tokens none is repeated.
 *
 * Sources: Cloudflare's pages on Durable Object error handling (`retryable`, `overloaded`) and on automatic retries;
 * "full jitter" in AWS's article on exponential back-off; the retry throttling of gRPC (proposal A6).
 */
export class RemoteCalls<Called> {
  readonly #stub: () => Called;
  readonly #time: RepeatTime;
  #tokens = CALL_REPEAT_TOKENS_MAX_COUNT;

  /** @param stub Makes a new stub for each try: one that has thrown stays broken. */
  constructor(stub: () => Called, time: RepeatTime = PLATFORM_TIME) {
    this.#stub = stub;
    this.#time = time;
  }

  /** For a change: where the call fails, whether it happened is not known, and the caller must decide. */
  once<T>(call: RemoteCall<T, Called>): Promise<T> {
    return this.#call(call, 0);
  }

  /** For a change that may happen twice without harm, at any time within the window of repeats. */
  change<T>(call: RemoteCall<T, Called>): Promise<T> {
    return this.#call(call, CHANGE_REPEATS_MAX_COUNT);
  }

  read<T>(call: RemoteCall<T, Called>): Promise<T> {
    return this.#call(call, READ_REPEATS_MAX_COUNT);
  }

  async #call<T>(call: RemoteCall<T, Called>, repeats: number): Promise<T> {
    const lastAt = this.#time.now() + CALL_REPEATS_WINDOW_MS;
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await call(this.#stub());
        this.#tokens = Math.min(this.#tokens + 0.1, CALL_REPEAT_TOKENS_MAX_COUNT);
        return answer;
      } catch (error) {
        if (!isPassing(error)) throw toRegistryError(error);
        this.#tokens = Math.max(this.#tokens - 1, 0);
        const waitMs = this.#time.random() * CALL_REPEAT_WITHIN_MS * 2 ** tries;
        const isThrottled = this.#tokens < CALL_REPEAT_TOKENS_MAX_COUNT / 2;
        if (tries === repeats || isThrottled || this.#time.now() + waitMs > lastAt) throw toRegistryError(error);
        await this.#time.sleep(waitMs);
      }
    }
  }
}

/**
 * Makes the methods of an interface as calls to the object that answers them, in the form of envelope.ts. A method is made
 * with the member of {@link RemoteCalls} that says how often its call may be repeated.
 *
 * @param open Reads an outcome; throws a refusal.
 */
export function remoteMethods<Api extends Callable<Api>>(
  calls: RemoteCalls<CalledObject<keyof Api & string>>,
  open: (outcome: string) => unknown,
) {
  const making =
    (repeats: 'once' | 'change' | 'read') =>
    <Method extends keyof Api & string>(method: Method) =>
    (...asked: Parameters<Api[Method]>): ReturnType<Api[Method]> => {
      const text = sealAsked(asked);
      const call = (object: CalledObject<Method>) => object.call(method, text, WIRE_VERSION).then(open);
      return calls[repeats](call) as ReturnType<Api[Method]>; // `as`: the object carries out this very method
    };
  return { once: making('once'), change: making('change'), read: making('read') };
}

/** Flags of a failed call, as Cloudflare's documentation of Durable Object errors names them. */
interface FaultFlags {
  /** The fault is likely to pass. */
  retryable?: unknown;
  /** Too much is asked of the object already. */
  overloaded?: unknown;
  /** The object itself threw, rather than the way to it. */
  remote?: unknown;
  /** The object was reset: what it was doing is lost, and the next call meets a new one. */
  durableObjectReset?: unknown;
}

function flagsOf(error: unknown): FaultFlags {
  return typeof error === 'object' && error !== null ? error : {};
}

function isPassing(error: unknown): boolean {
  const { retryable, overloaded } = flagsOf(error);
  return retryable === true && overloaded !== true;
}

/**
 * Maps a failed call to an error for the caller; a refusal stays as it is. An error that the object threw without having been
 * reset is a fault of its own, such as an answer that can't be carried: the same call would fail again, so that
 * nothing advises to repeat it.
 */
function toRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const { remote, retryable, overloaded, durableObjectReset } = flagsOf(error);
  if (remote === true && retryable !== true && overloaded !== true && durableObjectReset !== true) {
    const message =
      'the registry failed at this request; it is likely to fail again, so report it with the id of the request; if this was a change, whether it happened is not known';
    return new RegistryError('INTERNAL', message, {}, { cause: error });
  }
  return new RegistryError(
    'UNAVAILABLE',
    'what answers this could not be reached; if this was a change, whether it happened is not known: read before you try again',
    { retryAfterSeconds: 1 },
    { cause: error },
  );
}
