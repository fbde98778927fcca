import { RegistryError } from '../../model/errors';
import { RATE_REFUSAL_MAX_AGE_MS, RATE_REFUSALS_MAX_COUNT } from '../../model/limits';

/** What a token was told, and until when it stands, in milliseconds since the epoch. */
interface Refusal {
  error: RegistryError;
  until: number;
}

/**
 * Tokens that were over their rate a moment ago. Whoever comes back at once, as a client in a tight loop does, is refused
 * at the door: asking the namespace again and again would cost its other clients nearly as much as answering.
 */
export class RateRefusals {
  readonly #now: () => number;
  readonly #refused = new Map<string, Refusal>();

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws {RegistryError} What the token was told a moment ago. */
  assertMayAsk(tokenId: string, namespace: string): void {
    if (this.#refused.size === 0) return;
    const name = nameOf(tokenId, namespace);
    const refusal = this.#refused.get(name);
    if (refusal === undefined) return;
    const leftMs = refusal.until - this.#now();
    // A clock that went back keeps nobody out for longer.
    if (leftMs > 0 && leftMs <= RATE_REFUSAL_MAX_AGE_MS) throw refusal.error;
    this.#refused.delete(name);
  }

  /** Takes note of a refusal, where it is one that stands for whatever the token asks next. */
  note(tokenId: string, namespace: string, error: unknown): void {
    if (!(error instanceof RegistryError) || error.details.isOverRate !== true) return;
    const name = nameOf(tokenId, namespace);
    this.#refused.delete(name);
    this.#refused.set(name, { error, until: this.#now() + RATE_REFUSAL_MAX_AGE_MS });
    for (const oldest of this.#refused.keys()) {
      if (this.#refused.size <= RATE_REFUSALS_MAX_COUNT) break;
      this.#refused.delete(oldest);
    }
  }
}

const nameOf = (tokenId: string, namespace: string): string => `${tokenId} ${namespace}`;
