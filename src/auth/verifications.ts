import type { VerifiedToken } from '../model/directory-api';
import { VERIFICATION_MAX_AGE_MS, VERIFICATIONS_MAX_COUNT } from '../model/limits';

/** What a token stands for, until when that may be believed, in milliseconds since the epoch. */
interface Verification<Who> {
  who: Who;
  until: number;
}

/**
 * What tokens were found to stand for, lately: by their text, so that a known one costs a look-up and no digest. The
 * look-up compares hashes that are seeded at random before it compares text, so its time tells nothing about how much
 * of a guess was right.
 *
 * Good ones and bad ones have room of their own: whoever sends a thousand guesses pushes out guesses, and nobody's
 * token.
 */
export class Verifications {
  readonly #good = new Map<string, Verification<VerifiedToken>>();
  readonly #bad = new Map<string, Verification<null>>();

  /** Whom a token stands for; null where it was found to be wrong, undefined where that has to be asked. */
  find(token: string, now: number): VerifiedToken | null | undefined {
    const found = this.#good.get(token) ?? this.#bad.get(token);
    return found !== undefined && now < found.until ? found.who : undefined;
  }

  /**
   * Remembers what the directory told.
   *
   * @param askedAt When it was asked, in milliseconds since the epoch: what it told was true then, and perhaps not since.
   */
  keep(token: string, who: VerifiedToken | null, askedAt: number): void {
    const until = askedAt + VERIFICATION_MAX_AGE_MS;
    if (who === null) {
      this.#good.delete(token);
      put(this.#bad, token, { who, until });
    } else {
      put(this.#good, token, { who, until: Math.min(until, who.expiresAt ?? until) });
    }
  }

  /** Remembers what does not change for as long as this isolate lives. */
  keepForGood(token: string, who: VerifiedToken): void {
    put(this.#good, token, { who, until: Number.POSITIVE_INFINITY });
  }
}

function put<Who>(memory: Map<string, Verification<Who>>, token: string, verification: Verification<Who>): void {
  memory.delete(token);
  memory.set(token, verification);
  for (const oldest of memory.keys()) {
    if (memory.size <= VERIFICATIONS_MAX_COUNT) break;
    memory.delete(oldest);
  }
}
