import * as z from 'zod';
import { Grant } from './grant';
import {
  CREDENTIAL_MAX_CHARACTERS,
  GRANTS_MAX_BYTES,
  GRANTS_MAX_COUNT,
  TOKEN_LIFE_MAX_MS,
  TOKEN_LIFE_MIN_MS,
  TOKEN_OVERLAP_MAX_MS,
} from './limits';
import { ShortName, utf8Length } from './names';

const Grants = z
  .array(Grant)
  .min(1)
  .max(GRANTS_MAX_COUNT)
  .refine((grants) => utf8Length(JSON.stringify(grants)) <= GRANTS_MAX_BYTES, {
    message: `the grants of a token must be at most ${GRANTS_MAX_BYTES} bytes as JSON: use patterns, or two tokens`,
  });

/** Request for a new token. */
export const TokenRequest = z
  .strictObject({
    name: ShortName.meta({
      description: 'Name for people: what uses the token, and where',
      example: 'orders in staging',
    }),
    grants: Grants,
    expiresInMs: z
      .int()
      .min(TOKEN_LIFE_MIN_MS)
      .max(TOKEN_LIFE_MAX_MS)
      .optional()
      .meta({ description: 'The token expires after this time; by default, it is valid until revoked' }),
    pathWrite: z
      .boolean()
      .default(false)
      .meta({
        description:
          "For clients that can't send a header, such as the proxy of go-micro: the token is accepted in the path " +
          '/t/<token>/ although it can write. Only for `register` on one namespace.',
      }),
  })
  .refine(({ pathWrite, grants }) => !pathWrite || isForOnePath(grants), {
    message: 'a token with pathWrite may only have grants with the scope "register", all on one namespace',
    path: ['pathWrite'],
  })
  .meta({ id: 'TokenRequest' });
export type TokenRequest = z.output<typeof TokenRequest>;

function isForOnePath(grants: readonly Grant[]): boolean {
  return grants.every(({ scope, ns }) => scope === 'register' && ns !== '*' && ns === grants[0]?.ns);
}

/** A token as responses show it, without its secret, which is not stored. */
export const TokenView = z
  .object({
    id: z.string(),
    name: z.string(),
    grants: z.array(Grant),
    pathWrite: z.boolean(),
    createdAt: z.iso.datetime(),
    createdBy: z.string().meta({ description: 'Id of the token that created it' }),
    expiresAt: z.iso.datetime().optional(),
    rotatedAt: z.iso.datetime().optional().meta({ description: 'Time at which its secret was last replaced' }),
    lastUsedAt: z.iso
      .datetime()
      .optional()
      .meta({ description: 'Rounded to the hour, and updated up to an hour late' }),
  })
  .meta({ id: 'Token' });
export type TokenView = z.output<typeof TokenView>;

/** The token of the caller, as the registry sees it. */
export const OwnToken = z
  .object({
    id: z.string().meta({ description: '`root` for the root token' }),
    name: z.string(),
    grants: z.array(Grant),
    expiresAt: z.iso.datetime().optional().meta({ description: 'Absent if the token is valid until it is revoked' }),
    root: z.boolean().meta({ description: 'True for the root token' }),
    redeemedId: z.string().optional().meta({
      description:
        'Present if a ticket was redeemed for the credential: the id to revoke it by. It can’t create or rotate tokens',
    }),
  })
  .meta({ id: 'OwnToken' });
export type OwnToken = z.output<typeof OwnToken>;

/** A token with its secret, which is shown only in this response. */
export const IssuedToken = TokenView.extend({
  token: z.string().meta({ description: 'Credential to send; shown only once' }),
}).meta({ id: 'IssuedToken' });
export type IssuedToken = z.output<typeof IssuedToken>;

export const TokenList = z
  .object({ tokens: z.array(TokenView), next: z.string().optional() })
  .meta({ id: 'TokenList' });
export type TokenList = z.output<typeof TokenList>;

/** Request to replace the secret of a token. */
export const TokenRotation = z
  .strictObject({
    overlapMs: z
      .int()
      .min(0)
      .max(TOKEN_OVERLAP_MAX_MS)
      .default(0)
      .meta({ description: 'Time for which the previous secret stays valid' }),
  })
  .meta({ id: 'TokenRotation' });
export type TokenRotation = z.output<typeof TokenRotation>;

/** A credential that replaces a token once, to open one socket or stream, or to be redeemed for a token. */
export const Ticket = z.object({ ticket: z.string(), expiresAt: z.iso.datetime() }).meta({ id: 'Ticket' });
export type Ticket = z.output<typeof Ticket>;

/** Request to redeem a ticket. */
export const TicketRedemption = z
  .strictObject({ ticket: z.string().min(1).max(CREDENTIAL_MAX_CHARACTERS) })
  .meta({ id: 'TicketRedemption' });
export type TicketRedemption = z.output<typeof TicketRedemption>;

/** A token that replaced a ticket, with its secret. */
export const RedeemedToken = z
  .object({
    id: z.string().meta({ description: 'Id to revoke this token by' }),
    tokenId: z.string().meta({
      description: 'Id of the token that requested the ticket; the journal and the audit trail show it for both',
    }),
    grants: z.array(Grant),
    expiresAt: z.iso.datetime(),
    token: z.string().meta({ description: 'Credential to send; shown only once' }),
  })
  .meta({ id: 'RedeemedToken' });
export type RedeemedToken = z.output<typeof RedeemedToken>;
