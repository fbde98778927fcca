import * as z from 'zod';
import { AuditTrail } from '../../model/audit';
import { TICKET_BODY_MAX_BYTES } from '../../model/limits';
import { ShortName } from '../../model/names';
import { AuditQuery, DirectoryPageQuery } from '../../model/queries';
import {
  IssuedToken,
  OwnToken,
  RedeemedToken,
  Ticket,
  TicketRedemption,
  TokenList,
  TokenRequest,
  TokenRotation,
} from '../../model/token';
import { credentialRoute, directoryRoute } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { asJson, done } from '../response/answers';
import { TICKETS_PATH, TOKEN_PATH, TOKENS_PATH } from './paths';

const TokenName = z.strictObject({ id: ShortName.meta({ description: 'Id of the token; not a secret' }) });

/** Adds the routes of tokens, tickets and the audit trail. */
export function addAccessRoutes(surface: Surface): void {
  directoryRoute(surface, {
    operation: 'createToken',
    method: 'post',
    path: TOKENS_PATH,
    scope: 'any',
    chapter: 'Access',
    summary: 'Create a token',
    description:
      'Requires `admin` on everything that the new token grants. A grant may name a namespace that does not exist yet. The ' +
      'token is shown only in this response.',
    input: { body: TokenRequest },
    answers: { 201: { description: 'Created; valid from now on', schema: IssuedToken } },
    example: {
      name: 'orders in staging',
      grants: [{ scope: 'register', ns: 'staging', services: ['DEFAULT_GROUP@@orders*'] }],
    },
    call: (directory, caller, { body }) => directory.createToken(caller, body),
    map: (token) => asJson(token, { location: `${TOKENS_PATH}/${token.id}` }),
  });

  directoryRoute(surface, {
    operation: 'listTokens',
    method: 'get',
    path: TOKENS_PATH,
    scope: 'any',
    chapter: 'Access',
    summary: 'List the tokens that this token may manage',
    description:
      'Those that grant nothing beyond what this token has `admin` on. Secrets are not stored and never shown.',
    input: { query: DirectoryPageQuery },
    answers: { 200: { description: 'Tokens, sorted by id', schema: TokenList } },
    call: (directory, caller, { query }) => directory.listTokens(caller, query),
    map: (list) => asJson(list),
  });

  directoryRoute(surface, {
    operation: 'readOwnToken',
    method: 'get',
    path: '/api/v1/token',
    scope: 'any',
    chapter: 'Access',
    summary: 'Show the token that the request was sent with',
    description: 'Any valid token may call it. Its secret is not shown.',
    input: {},
    answers: { 200: { description: 'The token', schema: OwnToken } },
    call: (directory, caller) => directory.readOwnToken(caller),
    map: (token) => asJson(token),
  });

  directoryRoute(surface, {
    operation: 'revokeToken',
    method: 'delete',
    path: TOKEN_PATH,
    scope: 'any',
    chapter: 'Access',
    summary: 'Revoke a token; takes effect everywhere within 30 s',
    description:
      'Requires `admin` on everything that the token grants. A token may also revoke those that its tickets were redeemed for, and such a token itself. A repeat by the token that revoked it succeeds; any other caller gets 404 for a token that is revoked or that it may not manage.',
    input: { path: TokenName },
    answers: { 204: { description: 'Revoked' } },
    call: (directory, caller, { path }) =>
      surface.authentication.endingSecrets(path.id, directory.revokeToken(caller, path.id)),
    map: done,
  });

  directoryRoute(surface, {
    operation: 'rotateToken',
    method: 'post',
    path: `${TOKEN_PATH}/rotate`,
    scope: 'any',
    chapter: 'Access',
    summary: 'Rotate the secret of a token',
    description:
      'The token keeps its id and still owns what it registered. The previous secret stays valid for `overlapMs`.',
    input: { path: TokenName, body: TokenRotation },
    answers: {
      200: { description: 'The token with its new secret, shown only in this response', schema: IssuedToken },
    },
    example: { overlapMs: 3_600_000 },
    call: (directory, caller, { path, body }) =>
      surface.authentication.endingSecrets(path.id, directory.rotateToken(caller, path.id, body)),
    map: (token) => asJson(token),
  });

  directoryRoute(surface, {
    operation: 'createTicket',
    method: 'post',
    path: TICKETS_PATH,
    scope: 'any',
    chapter: 'Access',
    summary: 'Create a ticket that replaces this token once, within 30 s',
    description:
      'For web pages, which cannot send headers when they open a socket. It can also be redeemed for a token.',
    input: {},
    answers: { 200: { description: 'The ticket, shown only in this response', schema: Ticket } },
    call: (directory, caller) => directory.createTicket(caller),
    map: (ticket) => asJson(ticket),
  });

  credentialRoute(surface, {
    operation: 'redeemTicket',
    method: 'post',
    path: `${TICKETS_PATH}/redeem`,
    scope: 'open',
    chapter: 'Access',
    summary: 'Redeem a ticket for a token of at most 12 hours',
    description:
      'The ticket is the only credential; any other is ignored. The token has the id and the grants of the token that ' +
      'requested the ticket, and ends with it, or with its secret if that is rotated. It can’t create or rotate tokens, ' +
      'and a ticket that it requests can’t be redeemed.',
    input: { body: TicketRedemption },
    bodyMaxBytes: TICKET_BODY_MAX_BYTES,
    answers: { 200: { description: 'The token, shown only in this response', schema: RedeemedToken } },
    example: { ticket: 'rQJ8dQ4bTqmXyZk3sVfN7wW1uE6hR2cPzY5aLxKoM0gB' },
    call: ({ body }, received) =>
      surface.authentication.exchanged(received, (address) => surface.directory.exchangeTicket(body.ticket, address)),
    map: (token) => asJson(token),
  });

  directoryRoute(surface, {
    operation: 'readAudit',
    method: 'get',
    path: '/api/v1/audit',
    scope: 'any',
    chapter: 'Access',
    summary: 'Read the audit trail: who did what, when and from where',
    description:
      'Requires `admin` on the given namespace, or on all namespaces if none is given. An entry that stays `begun` has an unknown outcome.',
    input: { query: AuditQuery },
    answers: { 200: { description: 'Entries, newest first', schema: AuditTrail } },
    call: (directory, caller, { query }) => directory.readAudit(caller, query),
    map: (trail) => asJson(trail),
  });
}
