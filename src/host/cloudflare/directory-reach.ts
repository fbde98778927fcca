import type { AskDirectory } from '../../model/directory-api';
import { hasCode, isRefusal, RegistryError } from '../../model/errors';
import { DIRECTORY_ANSWER_MAX_MS, DIRECTORY_PATIENCE_MS, DIRECTORY_RETRY_INTERVAL_MS } from '../../model/limits';

/** Settings of a {@link DirectoryReach}. */
export interface DirectoryReachOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Keeps a question going after the request that asked it is over, where the platform would end it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** The directory did not answer when it was last asked. */
interface Loss {
  /** When it was last asked, in milliseconds since the epoch. */
  triedAt: number;
  /** True: it did not even fail, so that each request that asks it waits. */
  isSilent: boolean;
}

/** The deadline passed without an answer. */
const LATE = Symbol('late');

/**
 * Puts questions to the directory, falls back on last known answers while it can't be reached, and remembers for
 * {@link DIRECTORY_RETRY_INTERVAL_MS} that it can't, so that a directory that hangs delays one request in that time and
 * not all. One for an isolate, shared by all who ask.
 *
 * An answer always wins, also one that comes after the request that asked has been answered: any answer ends the loss.
 */
export class DirectoryReach {
  readonly #now: () => number;
  readonly #waitUntil: DirectoryReachOptions['waitUntil'];
  #loss: Loss | undefined;

  constructor({ now, waitUntil }: DirectoryReachOptions) {
    this.#now = now;
    this.#waitUntil = waitUntil;
  }

  /** See {@link AskDirectory}. */
  readonly ask: AskDirectory = async <T>(question: () => Promise<T>, lastKnown?: T): Promise<T> => {
    const loss = this.#loss;
    if (loss !== undefined) {
      const isTried = this.#isRecent(loss);
      if (isTried && lastKnown !== undefined) return lastKnown;
      // A directory that fails at once costs little to ask, and may answer the next request.
      if (isTried && loss.isSilent) throw unanswered();
      loss.triedAt = this.#now();
    }
    const answering = this.#put(question);
    // While it is lost, a request that can do without its answer only finds out if it is back.
    if (loss !== undefined && lastKnown !== undefined) return lastKnown;
    return this.#wait(answering, lastKnown);
  };

  #isRecent({ triedAt }: Loss): boolean {
    const age = this.#now() - triedAt;
    return age >= 0 && age < DIRECTORY_RETRY_INTERVAL_MS;
  }

  #put<T>(question: () => Promise<T>): Promise<T> {
    const answering = question();
    const noting = answering.then(
      () => {
        this.#loss = undefined;
      },
      (error: unknown) => {
        this.#loss = isOutOfReach(error) ? { triedAt: this.#now(), isSilent: false } : undefined;
      },
    );
    this.#waitUntil?.(noting);
    return answering;
  }

  async #wait<T>(answering: Promise<T>, lastKnown: T | undefined): Promise<T> {
    const { promise: late, resolve } = Promise.withResolvers<typeof LATE>();
    const patience = lastKnown === undefined ? DIRECTORY_ANSWER_MAX_MS : DIRECTORY_PATIENCE_MS;
    const timer = setTimeout(() => resolve(LATE), patience);
    try {
      const answer = await Promise.race([answering, late]);
      if (answer !== LATE) return answer;
      this.#loss = { triedAt: this.#now(), isSilent: true };
      if (lastKnown === undefined) throw unanswered();
      return lastKnown;
    } catch (error) {
      if (isRefusal(error)) throw error;
      if (lastKnown !== undefined) return lastKnown;
      throw hasCode(error, 'UNAVAILABLE') ? error : unanswered(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A directory that fails at one question by a fault of its own is in reach, and may answer the next. */
function isOutOfReach(error: unknown): boolean {
  return !(error instanceof RegistryError) || error.code === 'UNAVAILABLE';
}

/** Nothing has been done by the time the directory is asked, so this refusal leaves no doubt about the outcome. */
function unanswered(cause?: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    'the directory, which knows tokens and namespaces, does not answer; nothing was done, so try again',
    { retryAfterSeconds: 1 },
    { cause },
  );
}
