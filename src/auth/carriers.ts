import type { VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';

/**
 * How a credential can come: a token in the header `Authorization: Bearer`, in front of the path as `/t/<token>/…`, or
 * among the subprotocols of a WebSocket; a ticket among those, or in the query.
 */
export type Carrier = 'bearer' | 'path' | 'subprotocol-token' | 'subprotocol-ticket' | 'query-ticket';

/**
 * Which door takes a credential from where. Whatever else carries one is not looked at: no cookie, no user and password,
 * no header of a proxy. Who has none, a wrong one or several is denied alike at all of these doors: 401 as a problem
 * document, with a challenge to send a bearer token.
 */
export const DOORS = {
  /** The native API. */
  api: ['bearer', 'path'],
  /** The event stream: a browser's `EventSource` sends no header. */
  stream: ['bearer', 'path', 'query-ticket'],
  /** The socket: a browser's `WebSocket` sends none either, but subprotocols. */
  socket: ['bearer', 'path', 'subprotocol-token', 'subprotocol-ticket', 'query-ticket'],
  metrics: ['bearer', 'path'],
} as const satisfies Record<string, readonly Carrier[]>;
export type Door = keyof typeof DOORS;

/** What somebody shows to be let in, as it came. */
export interface Credential {
  carrier: Carrier;
  text: string;
}

/** RFC 6750: the scheme in any case, one space or more, then the token. */
const BEARER = /^bearer +([\x21-\x7e]+) *$/i;

/** Begin the subprotocols that carry a credential. */
const PROTOCOLS = [
  { prefix: 'token.', carrier: 'subprotocol-token' },
  { prefix: 'ticket.', carrier: 'subprotocol-ticket' },
] as const;

/** Name of the query parameter that carries a ticket. */
const TICKET_PARAMETER = 'ticket';

/**
 * The one credential of a request, at a door that takes it from these carriers.
 *
 * Several are refused, also where one of them is good or all are the same: whatever stands in front of the registry may
 * have looked at another one than the registry would.
 *
 * @param query Gives it as it was sent, without its question mark; asked only at a door that takes a credential from it.
 * @param pathToken What stood in front of the path, which has lost it.
 * @throws {RegistryError} `UNAUTHENTICATED`, and never shows what came.
 */
export function credentialOf(
  carriers: readonly Carrier[],
  headers: Headers,
  query: () => string,
  pathToken: string | undefined,
): Credential {
  const found: Credential[] = [];
  if (pathToken !== undefined && carriers.includes('path')) found.push({ carrier: 'path', text: pathToken });
  const authorization = carriers.includes('bearer') ? headers.get('authorization') : null;
  if (authorization !== null) found.push({ carrier: 'bearer', text: bearerToken(authorization) });
  if (carriers.includes('subprotocol-token')) found.push(...inSubprotocols(headers));
  if (carriers.includes('query-ticket')) found.push(...inQuery(query()));
  const [credential, another] = found;
  if (credential === undefined) throw unauthenticated('this needs a token: send "Authorization: Bearer <token>"');
  if (another === undefined) return credential;
  const names = found.map(({ carrier }) => carrier).join(', ');
  throw unauthenticated(`there is more than one credential (${names}); send one of them`);
}

/** Whether what a credential holds is good for one use. */
export function isTicket({ carrier }: Credential): boolean {
  return carrier === 'subprotocol-ticket' || carrier === 'query-ticket';
}

/**
 * Whether a token is taken from a path, where proxies log it and people paste it: one that can only read, or one that
 * was made for it.
 */
export function isForPaths({ grants, pathWrite }: VerifiedToken): boolean {
  return pathWrite || grants.every(({ scope }) => scope === 'read' || scope === 'metrics');
}

function bearerToken(authorization: string): string {
  const token = BEARER.exec(authorization)?.[1];
  if (token !== undefined) return token;
  throw unauthenticated('the Authorization header is not "Bearer <token>", the only form that is taken here');
}

function inSubprotocols(headers: Headers): Credential[] {
  const offered = headers.get('sec-websocket-protocol');
  if (offered === null) return [];
  return offered.split(',').flatMap((entry) => {
    const name = entry.trim();
    const known = PROTOCOLS.find(({ prefix }) => name.startsWith(prefix));
    return known === undefined ? [] : [{ carrier: known.carrier, text: name.slice(known.prefix.length) }];
  });
}

function inQuery(query: string): Credential[] {
  if (query === '') return [];
  const tickets = new URLSearchParams(query).getAll(TICKET_PARAMETER);
  return tickets.map((text) => ({ carrier: 'query-ticket', text }));
}

const unauthenticated = (message: string): RegistryError => new RegistryError('UNAUTHENTICATED', message);
