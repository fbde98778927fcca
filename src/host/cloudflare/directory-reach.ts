import type { AskDirectory } from '../../model/directory-api';
import { hasCode, isRefusal, RegistryError } from '../../model/errors';
import { DIRECTORY_ANSWER_MAX_MS, DIRECTORY_PATIENCE_MS, DIRECTORY_RETRY_INTERVAL_MS } from '../../model/limits';

/** Settings of a {@link DirectoryReach}. */
export interface DirectoryReachOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Keeps a pending call alive after its request has ended, on platforms that would cancel it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** State while the directory does not answer. */
interface Loss {
  /** Time of the last attempt, in milliseconds since the epoch. */
  triedAt: number;
  /** True if the last attempt timed out rather than failed, so every further attempt would wait too. */
  isSilent: boolean;
}

/** Result of a call that has not been answered by its deadline. */
const LATE = Symbol('late');

/**
 * Calls the directory, and falls back on last known answers while it is unreachable. It remembers a timeout for
 * {@link DIRECTORY_RETRY_INTERVAL_MS}, so a hanging directory delays one request in that interval instead of all. Each
 * isolate has one, shared by all callers.
 *
 * Any answer ends the outage, even one that arrives after its request has been answered.
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
      // A directory that fails immediately is cheap to call, and may answer the next request.
      if (isTried && loss.isSilent) throw unanswered();
      loss.triedAt = this.#now();
    }
    const answering = this.#put(question);
    // During an outage, a request with a last known answer only probes the directory and does not wait.
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

/** A directory that fails one call because of an internal error is reachable, and may answer the next. */
function isOutOfReach(error: unknown): boolean {
  return !(error instanceof RegistryError) || error.code === 'UNAVAILABLE';
}

/** Returns the error of an unanswered call. Nothing has changed before the directory is called, so the outcome is known. */
function unanswered(cause?: unknown): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    'the directory, which stores tokens and namespaces, is not responding; nothing was changed, so retry',
    { retryAfterSeconds: 1 },
    { cause },
  );
}
