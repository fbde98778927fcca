import { authorizeTicket } from '../../auth/authorize';
import { secretDigest, tokenText } from '../../auth/token-text';
import type { DirectoryCaller, VerifiedToken } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { TICKET_LIFE_MS, TICKETS_PER_TOKEN_MAX_COUNT } from '../../model/limits';
import { timestamp } from '../../model/timestamp';
import type { RedeemedToken, Ticket } from '../../model/token';
import type { DirectoryState } from './directory-state';
import type { RedeemedTokens } from './redeemed-tokens';
import { endedMeanwhile, newSecret, type Tokens } from './tokens';

/** Tickets: each opens one socket instead of the token that created it, or is redeemed for another token. */
export class Tickets {
  readonly #state: DirectoryState;
  readonly #tokens: Tokens;

  readonly #redeemed: RedeemedTokens;

  constructor(state: DirectoryState, tokens: Tokens, redeemed: RedeemedTokens) {
    this.#state = state;
    this.#tokens = tokens;
    this.#redeemed = redeemed;
  }

  async create({ principal }: DirectoryCaller): Promise<Ticket> {
    const { steps, tickets, platform } = this.#state;
    authorizeTicket(principal);
    const ticket = platform.random.id() + platform.random.id();
    const digest = await secretDigest(ticket);
    await this.#redeemed.prepare();
    const holder = principal.redeemedId ?? principal.tokenId;
    return steps.change(() => {
      const now = platform.clock.now();
      const who = this.#tokens.known(holder);
      if (who === null) throw endedMeanwhile(holder);
      if (tickets.count(holder, now) >= TICKETS_PER_TOKEN_MAX_COUNT) throw tooManyTickets();
      // A secret that is about to end must not be replaced by a token that ends with the next one.
      const until = this.#redeemed.secretEndOf(who.tokenId);
      const endsAt = Math.min(now + TICKET_LIFE_MS, who.expiresAt ?? Number.POSITIVE_INFINITY, until);
      tickets.add(digest, holder, endsAt);
      return { ticket, expiresAt: timestamp(endsAt) };
    });
  }

  async redeem(ticket: string): Promise<VerifiedToken | null> {
    const { steps, tickets, platform } = this.#state;
    const digest = await secretDigest(ticket);
    await this.#redeemed.prepare();
    return steps.change(() => {
      const tokenId = tickets.take(digest, platform.clock.now());
      return tokenId === undefined ? null : this.#tokens.known(tokenId);
    });
  }

  /** Replaces a ticket with a token. The ticket is taken in the same step, so it is redeemed once, or not at all. */
  async exchange(ticket: string, address: string | undefined): Promise<RedeemedToken | null> {
    const { steps, tickets, platform } = this.#state;
    const secret = newSecret(platform.random);
    const [ticketDigest, digest] = await Promise.all([secretDigest(ticket), secretDigest(secret)]);
    await this.#redeemed.prepare();
    return steps.change(() => {
      const holder = tickets.take(ticketDigest, platform.clock.now());
      const who = holder === undefined ? null : this.#tokens.known(holder);
      if (who === null) return null;
      if (who.redeemedId !== undefined) throw ticketOfRedeemedToken();
      const id = this.#tokens.newId();
      const endsAt = this.#redeemed.add(id, digest, who.tokenId);
      if (endsAt === undefined) return null;
      const { tokenId, grants } = who;
      const name = this.#redeemed.nameOf(tokenId);
      this.#tokens.note({ principal: who, address }, 'ticket-redeemed', { id, name, grants });
      return { id, tokenId, grants: [...grants], expiresAt: timestamp(endsAt), token: tokenText(id, secret) };
    });
  }

  /** Removes expired tokens that replaced tickets, and their own tickets. */
  endDue(most: number): Promise<void> {
    const { steps, redeemed, tickets, platform } = this.#state;
    return steps.change(() => {
      for (const id of redeemed.removeExpired(platform.clock.now(), most)) tickets.removeOf(id);
    });
  }
}

function ticketOfRedeemedToken(): RegistryError {
  return new RegistryError(
    'FORBIDDEN',
    'this ticket was requested with a token that was redeemed from a ticket itself, so it can only open a socket or a stream; redeem a ticket of the original token',
  );
}

function tooManyTickets(): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `this token has ${TICKETS_PER_TOKEN_MAX_COUNT} unused tickets; use them, or wait until they expire`,
    { retryAfterSeconds: TICKET_LIFE_MS / 1_000 },
  );
}
