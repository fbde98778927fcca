import type { VerifiedToken } from '../model/directory-api';
import { LAST_KNOWN_MAX_AGE_MS, VERIFICATION_MAX_AGE_MS, VERIFICATIONS_MAX_COUNT } from '../model/limits';

/** An answer about a token, and when the directory was asked, in milliseconds since the epoch. */
interface Verification<Who> {
  who: Who;
  askedAt: number;
}

/**
 * The latest answers about tokens, by their text, so that a known one costs a look-up and no digest. The look-up
 * compares hashes that are seeded at random before it compares text, so its time shows nothing about how much of a
 * guess was right.
 *
 * Good and wrong tokens have room of their own: a thousand guesses push out guesses, and no token.
 */
export class Verifications {
  readonly #good = new Map<string, Verification<VerifiedToken>>();
  readonly #bad = new Map<string, Verification<null>>();

  /** Returns who a token stands for; null where it was found to be wrong, undefined where the directory has to be asked. */
  find(token: string, now: number): VerifiedToken | null | undefined {
    const found = this.#good.get(token) ?? this.#bad.get(token);
    if (found === undefined) return undefined;
    // An end is final: however old the answer is that named it, no other one can follow.
    if (found.who?.expiresAt !== undefined && found.who.expiresAt <= now) return null;
    return now - found.askedAt < VERIFICATION_MAX_AGE_MS ? found.who : undefined;
  }

  /** Returns who a token stood for when the directory was last asked, in the last 10 minutes; undefined where it was wrong. */
  lastKnown(token: string, now: number): VerifiedToken | undefined {
    const found = this.#good.get(token);
    return found !== undefined && now - found.askedAt < LAST_KNOWN_MAX_AGE_MS ? found.who : undefined;
  }

  /**
   * Remembers an answer of the directory, unless a later question has been answered already.
   *
   * @param askedAt When it was asked, in milliseconds since the epoch: the answer was true then, and perhaps not since.
   */
  keep(token: string, who: VerifiedToken | null, askedAt: number): void {
    const known = this.#good.get(token) ?? this.#bad.get(token);
    if (known !== undefined && known.askedAt > askedAt) return;
    this.#good.delete(token);
    this.#bad.delete(token);
    if (who === null) put(this.#bad, token, { who, askedAt });
    else put(this.#good, token, { who, askedAt });
  }

  /** Forgets all good secrets of a token, by its id. */
  forget(tokenId: string): void {
    for (const [token, { who }] of this.#good) if (who.tokenId === tokenId) this.#good.delete(token);
  }

  /** Has the directory asked anew about all good secrets of a token; until it answers, they are what was last known. */
  doubt(tokenId: string, now: number): void {
    for (const verification of this.#good.values()) {
      if (verification.who.tokenId !== tokenId) continue;
      verification.askedAt = Math.min(verification.askedAt, now - VERIFICATION_MAX_AGE_MS);
    }
  }

  /** Remembers what does not change for as long as this isolate lives. */
  keepForGood(token: string, who: VerifiedToken): void {
    put(this.#good, token, { who, askedAt: Number.POSITIVE_INFINITY });
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
