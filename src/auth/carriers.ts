import type { VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';

/**
 * How a credential can come: a token in the header `Authorization: Bearer`, in front of the path as `/t/<token>/…`, or
 * among the subprotocols of a WebSocket; a ticket among those, or in the query.
 *
 * Some dialects' clients can do no other than: `basic`, a token as the password of `Authorization: Basic`, or as its
 * user where the password is empty; and, as Nacos' clients do, a token in a header or a parameter called `accessToken`, or
 * in a parameter called `password`.
 */
export type Carrier =
  | 'bearer'
  | 'basic'
  | 'path'
  | 'subprotocol-token'
  | 'subprotocol-ticket'
  | 'query-ticket'
  | 'access-token-header'
  | 'access-token-parameter'
  | 'password-parameter';

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

/** RFC 7617. */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/** Nacos' clients repeat a credential in several of these, and log in for an `accessToken` which is that of the password. */
const REPEATED: readonly Carrier[] = ['access-token-header', 'access-token-parameter', 'password-parameter'];

/** Begin the subprotocols that carry a credential. */
const PROTOCOLS = [
  { prefix: 'token.', carrier: 'subprotocol-token' },
  { prefix: 'ticket.', carrier: 'subprotocol-ticket' },
] as const;

/** Name of the query parameter that carries a ticket. */
const TICKET_PARAMETER = 'ticket';

/** What a credential can stand in. */
export interface CredentialPlaces {
  headers: Headers;
  /** Gives the parameters as they were sent: the query without its question mark, or a form. */
  parameters: () => string;
  /** What stood in front of the path, which has lost it. */
  pathToken?: string | undefined;
}

/**
 * Reads the one credential in these places; undefined where there is none.
 *
 * @throws {RegistryError} `UNAUTHENTICATED` for several, or one that is malformed; it never shows what came.
 */
export type ReadCredential = (places: CredentialPlaces) => Credential | undefined;

/**
 * Makes what reads the credential at a door that takes it from these carriers. It looks nowhere else.
 *
 * Several are refused, also where one of them is good or all are the same: whatever stands in front of the registry may
 * have looked at another one than the registry would. Only the places of Nacos may repeat what came before.
 */
export function credentialReader(carriers: readonly Carrier[]): ReadCredential {
  const looks = looksOf(carriers);
  return (places) => {
    const found: Credential[] = [];
    for (const look of looks) look(places, found);
    const [first] = found;
    if (first === undefined || found.length === 1 || found.slice(1).every((other) => repeats(other, first))) {
      return first;
    }
    const names = found.map(({ carrier }) => carrier).join(', ');
    throw unauthenticated(`there is more than one credential (${names}); send one of them`);
  };
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

const repeats = ({ carrier, text }: Credential, first: Credential): boolean =>
  REPEATED.includes(carrier) && text === first.text;

/** Looks at one place, and adds what it finds there. */
type Look = (places: CredentialPlaces, found: Credential[]) => void;

function looksOf(carriers: readonly Carrier[]): Look[] {
  const takes = (carrier: Carrier): boolean => carriers.includes(carrier);
  const looks: Look[] = [];
  if (takes('path')) looks.push(inPath);
  if (takes('bearer')) looks.push(inAuthorization(takes('basic')));
  if (takes('subprotocol-token')) looks.push(inSubprotocols);
  if (takes('access-token-header')) looks.push(inHeader);
  const parameters = PARAMETERS.filter(({ carrier }) => takes(carrier));
  if (parameters.length > 0) looks.push(inParameters(parameters));
  return looks;
}

const inPath: Look = ({ pathToken }, found) => {
  if (pathToken !== undefined) found.push({ carrier: 'path', text: pathToken });
};

const inAuthorization =
  (takesBasic: boolean): Look =>
  ({ headers }, found) => {
    const authorization = headers.get('authorization');
    if (authorization !== null) found.push(authorizationCredential(authorization, takesBasic));
  };

function authorizationCredential(authorization: string, takesBasic: boolean): Credential {
  const token = BEARER.exec(authorization)?.[1];
  if (token !== undefined) return { carrier: 'bearer', text: token };
  if (!takesBasic) {
    throw unauthenticated('the Authorization header is not "Bearer <token>", the only form that is taken here');
  }
  const password = passwordIn(BASIC.exec(authorization)?.[1]);
  if (password !== undefined) return { carrier: 'basic', text: password };
  throw unauthenticated(
    'the Authorization header is neither "Bearer <token>" nor "Basic" with a token as the password, the forms that are taken here',
  );
}

/** What base64 of `user:password` holds for a password. Undefined for what is neither, or has none. */
function passwordIn(base64: string | undefined): string | undefined {
  // Without its padding, which `atob` throws over where it is not as long as it should be.
  const data = base64?.replace(/=+$/, '');
  if (data === undefined || data.length % 4 === 1) return undefined;
  const text = atob(data);
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return text.slice(colon + 1) || text.slice(0, colon) || undefined;
}

const inSubprotocols: Look = ({ headers }, found) => {
  for (const entry of headers.get('sec-websocket-protocol')?.split(',') ?? []) {
    const name = entry.trim();
    const known = PROTOCOLS.find(({ prefix }) => name.startsWith(prefix));
    if (known !== undefined) found.push({ carrier: known.carrier, text: name.slice(known.prefix.length) });
  }
};

const inHeader: Look = ({ headers }, found) => {
  const text = headers.get('accesstoken');
  if (text !== null && text !== '') found.push({ carrier: 'access-token-header', text });
};

/** Names of the parameters that carry a credential. */
const PARAMETERS = [
  { name: TICKET_PARAMETER, carrier: 'query-ticket' },
  { name: 'accessToken', carrier: 'access-token-parameter' },
  { name: 'password', carrier: 'password-parameter' },
] as const;

/** A parameter whose name carries a credential, or may hide that with an escape. */
const MAY_CARRY = /(?:^|&)(?:[^=&%]*%|(?:ticket|accessToken|password)(?:[=&]|$))/;

const inParameters =
  (taken: readonly (typeof PARAMETERS)[number][]): Look =>
  ({ parameters }, found) => {
    const text = parameters();
    // A look spares reading them all, which costs as much as the rest of a beat.
    if (!MAY_CARRY.test(text)) return;
    const sent = new URLSearchParams(text);
    for (const { name, carrier } of taken) {
      for (const value of sent.getAll(name)) {
        // Clients that have none yet may send an empty one; a ticket is never empty.
        if (value !== '' || carrier === 'query-ticket') found.push({ carrier, text: value });
      }
    }
  };

const unauthenticated = (message: string): RegistryError => new RegistryError('UNAUTHENTICATED', message);
