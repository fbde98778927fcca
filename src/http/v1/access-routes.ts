import * as z from 'zod';
import { AuditTrail } from '../../model/audit';
import { ShortName } from '../../model/names';
import { AuditQuery, DirectoryPageQuery } from '../../model/queries';
import { IssuedToken, Ticket, TokenList, TokenRequest, TokenRotation } from '../../model/token';
import { directoryRoute } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { done, told } from '../response/answers';
import { TOKEN_PATH, TOKENS_PATH } from './paths';

const TokenName = z.strictObject({ id: ShortName.meta({ description: 'Id of the token: no secret' }) });

/** Tokens, tickets in their place, and what was done with them. */
export function addAccessRoutes(surface: Surface): void {
  directoryRoute(surface, {
    operation: 'createToken',
    method: 'post',
    path: TOKENS_PATH,
    scope: 'any',
    chapter: 'Access',
    summary: 'Make a token',
    description: 'Needs `admin` wherever the token shall be good for anything. The token is shown this once.',
    input: { body: TokenRequest },
    answers: { 201: { description: 'It is good from now on', schema: IssuedToken } },
    example: {
      name: 'orders in staging',
      grants: [{ scope: 'register', ns: 'staging', services: ['DEFAULT_GROUP@@orders*'] }],
    },
    call: (directory, caller, { body }) => directory.createToken(caller, body),
    map: (token) => told(token, { location: `${TOKENS_PATH}/${token.id}` }),
  });

  directoryRoute(surface, {
    operation: 'listTokens',
    method: 'get',
    path: TOKENS_PATH,
    scope: 'any',
    chapter: 'Access',
    summary: 'List the tokens that this one could have made',
    description: 'Those that are good for nothing but where this one has `admin`. Secrets are not kept, and not shown.',
    input: { query: DirectoryPageQuery },
    answers: { 200: { description: 'In the order of their ids', schema: TokenList } },
    call: (directory, caller, { query }) => directory.listTokens(caller, query),
    map: (list) => told(list),
  });

  directoryRoute(surface, {
    operation: 'revokeToken',
    method: 'delete',
    path: TOKEN_PATH,
    scope: 'any',
    chapter: 'Access',
    summary: 'End a token, everywhere within 30 s',
    description:
      'Needs `admin` wherever it is good for anything. Succeeds again for the token that revoked it; for others, what is gone is 404, as is what they could not have made.',
    input: { path: TokenName },
    answers: { 204: { description: 'It has ended' } },
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
    summary: 'Give a token a new secret',
    description: 'Its id stays, and what it registered stays its own. The secret before is good for `overlapMs` yet.',
    input: { path: TokenName, body: TokenRotation },
    answers: { 200: { description: 'With the new secret, shown this once', schema: IssuedToken } },
    example: { overlapMs: 3_600_000 },
    call: (directory, caller, { path, body }) =>
      surface.authentication.endingSecrets(path.id, directory.rotateToken(caller, path.id, body)),
    map: (token) => told(token),
  });

  directoryRoute(surface, {
    operation: 'createTicket',
    method: 'post',
    path: '/api/v1/tickets',
    scope: 'any',
    chapter: 'Access',
    summary: 'Make a ticket: good once, for 30 s, in the place of this token',
    description: 'For a page that opens a socket, and can send no header with it.',
    input: {},
    answers: { 200: { description: 'Shown this once', schema: Ticket } },
    call: (directory, caller) => directory.createTicket(caller),
    map: (ticket) => told(ticket),
  });

  directoryRoute(surface, {
    operation: 'readAudit',
    method: 'get',
    path: '/api/v1/audit',
    scope: 'any',
    chapter: 'Access',
    summary: 'Read who did what, when, and from where',
    description:
      'Needs `admin`: on the namespace that is asked for, or else on all. An entry that stays `begun` was not heard of again.',
    input: { query: AuditQuery },
    answers: { 200: { description: 'Newest first', schema: AuditTrail } },
    call: (directory, caller, { query }) => directory.readAudit(caller, query),
    map: (trail) => told(trail),
  });
}
