import { expect, it } from 'vitest';
import type { DirectoryCaller } from '../../../src/model/directory-api';
import type { Grant } from '../../../src/model/grant';
import { TICKET_LIFE_MS, TICKETS_PER_TOKEN_MAX_COUNT } from '../../../src/model/limits';
import { BY_ROOT, refusal, type TestDirectory } from './test-directory';

const GRANTS: Grant[] = [{ scope: 'register', ns: 'a' }];

/** Tests every directory's promises about tickets. */
export function tickets(subject: () => TestDirectory): void {
  const holder = async (more = {}): Promise<DirectoryCaller> => {
    const request = { name: 'page', grants: GRANTS, pathWrite: true, ...more };
    const { id } = await subject().api.createToken(BY_ROOT, request);
    return { principal: { tokenId: id, grants: GRANTS } };
  };

  it('[A26] issues a ticket that is accepted once in place of its token', async () => {
    const { api } = subject();
    const caller = await holder();
    const { ticket } = await api.createTicket(caller);
    const { ticket: other } = await api.createTicket(caller);
    expect(other).not.toBe(ticket);
    expect(await api.redeemTicket(ticket)).toEqual({ ...caller.principal, pathWrite: true });
    expect(await api.redeemTicket(ticket)).toBeNull();
    expect(await api.redeemTicket('')).toBeNull();
    await subject().restart();
    expect(await subject().api.redeemTicket(other)).toEqual({ ...caller.principal, pathWrite: true });
  });

  it('[A26] issues tickets to root too', async () => {
    const { ticket } = await subject().api.createTicket(BY_ROOT);
    expect(await subject().api.redeemTicket(ticket)).toEqual({ ...BY_ROOT.principal, pathWrite: false });
  });

  it('[A26] expires a ticket, used or not', async () => {
    const { api, pass } = subject();
    const caller = await holder();
    const tickets = [await api.createTicket(caller), await api.createTicket(caller)];
    await pass(TICKET_LIFE_MS - 1);
    expect(await api.redeemTicket(tickets[0]?.ticket ?? '')).not.toBeNull();
    await pass(1);
    expect(await api.redeemTicket(tickets[1]?.ticket ?? '')).toBeNull();
  });

  it('[A26] ends tickets with their token', async () => {
    const { api } = subject();
    const caller = await holder();
    const { ticket } = await api.createTicket(caller);
    await api.revokeToken(BY_ROOT, caller.principal.tokenId);
    expect(await api.redeemTicket(ticket)).toBeNull();
    await expect(api.createTicket(caller)).rejects.toEqual(refusal('UNAUTHENTICATED'));
  });

  it('[A26] limits the tickets of a token, not counting expired ones', async () => {
    const { api, pass } = subject();
    const caller = await holder();
    for (let count = 0; count < TICKETS_PER_TOKEN_MAX_COUNT; count++) await api.createTicket(caller);
    await expect(api.createTicket(caller)).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
    await api.createTicket(await holder());
    await pass(TICKET_LIFE_MS);
    await api.createTicket(caller);
  });
}
