import { authorizeTicket } from '../../auth/authorize';
import { secretDigest } from '../../auth/token-text';
import type { DirectoryCaller, VerifiedToken } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { TICKET_LIFE_MS, TICKETS_PER_TOKEN_MAX_COUNT } from '../../model/limits';
import { timestamp } from '../../model/timestamp';
import type { Ticket } from '../../model/token';
import type { DirectoryState } from './directory-state';
import { endedMeanwhile, type Tokens } from './tokens';

/** Tickets: each opens one socket instead of the token that created it. */
export class Tickets {
  readonly #state: DirectoryState;
  readonly #tokens: Tokens;

  constructor(state: DirectoryState, tokens: Tokens) {
    this.#state = state;
    this.#tokens = tokens;
  }

  async create({ principal }: DirectoryCaller): Promise<Ticket> {
    const { steps, tickets, platform } = this.#state;
    authorizeTicket(principal);
    const ticket = platform.random.id() + platform.random.id();
    const digest = await secretDigest(ticket);
    return steps.change(() => {
      const now = platform.clock.now();
      if (this.#tokens.known(principal.tokenId) === null) throw endedMeanwhile(principal.tokenId);
      if (tickets.count(principal.tokenId, now) >= TICKETS_PER_TOKEN_MAX_COUNT) throw tooManyTickets();
      const endsAt = now + TICKET_LIFE_MS;
      tickets.add(digest, principal.tokenId, endsAt);
      return { ticket, expiresAt: timestamp(endsAt) };
    });
  }

  async redeem(ticket: string): Promise<VerifiedToken | null> {
    const { steps, tickets, platform } = this.#state;
    const digest = await secretDigest(ticket);
    return steps.change(() => {
      const tokenId = tickets.take(digest, platform.clock.now());
      return tokenId === undefined ? null : this.#tokens.known(tokenId);
    });
  }
}

function tooManyTickets(): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `this token has ${TICKETS_PER_TOKEN_MAX_COUNT} unused tickets; use them, or wait until they expire`,
    { retryAfterSeconds: TICKET_LIFE_MS / 1_000 },
  );
}
