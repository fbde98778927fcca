import type { VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import { isNamespaceId } from '../model/names';

/**
 * Place of a credential in a request: a token in the header `Authorization: Bearer`, in front of the path as
 * `/t/<token>/…`, or in the subprotocols of a WebSocket; a ticket in the subprotocols or in the query.
 *
 * Clients of some dialects support only other places: `basic`, a token as the password of `Authorization: Basic`, or as
 * its user if the password is empty; for Nacos' clients, a token in a header or a parameter named `accessToken`, or in
 * a parameter named `password`; for Consul's, a token in the header `X-Consul-Token`, or in a parameter named `token`; and for
 * etcd's, `raw`, a token as the whole of `Authorization`, after the namespace and a slash if it names one.
 */
export type Carrier =
  | 'bearer'
  | 'basic'
  | 'raw'
  | 'path'
  | 'subprotocol-token'
  | 'subprotocol-ticket'
  | 'query-ticket'
  | 'access-token-header'
  | 'consul-token-header'
  | 'token-parameter'
  | 'access-token-parameter'
  | 'password-parameter';

/**
 * Carriers that each endpoint accepts. It ignores all others, such as cookies, user and password, and headers of proxies.
 * Requests with no credential, an invalid one or several are refused in the same way by all of them: with status 401, a
 * problem document, and a challenge to send a bearer token.
 */
export const DOORS = {
  /** The native API. */
  api: ['bearer', 'path'],
  /** The event stream. A browser's `EventSource` can't send headers. */
  stream: ['bearer', 'path', 'query-ticket'],
  /** The socket. A browser's `WebSocket` can send subprotocols, but no headers. */
  socket: ['bearer', 'path', 'subprotocol-token', 'subprotocol-ticket', 'query-ticket'],
  metrics: ['bearer', 'path'],
} as const satisfies Record<string, readonly Carrier[]>;
export type Door = keyof typeof DOORS;

/** A credential as the client sent it. */
export interface Credential {
  carrier: Carrier;
  text: string;
}

/** Matches a bearer token (RFC 6750): the scheme in any case, one or more spaces, then the token. */
const BEARER = /^bearer +([\x21-\x7e]+) *$/i;

/** Matches basic credentials (RFC 7617). */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/** Matches a header that has no scheme: one word. */
const RAW = /^[\x21-\x7e]+$/;

/**
 * Carriers in which clients repeat a credential. The `accessToken` that a login of Nacos returns is the password itself;
 * Consul's clients may send the same token in several places.
 */
const REPEATED: readonly Carrier[] = [
  'access-token-header',
  'access-token-parameter',
  'password-parameter',
  'consul-token-header',
  'token-parameter',
];

/** Prefixes of the subprotocols that carry a credential. */
const PROTOCOLS = [
  { prefix: 'token.', carrier: 'subprotocol-token' },
  { prefix: 'ticket.', carrier: 'subprotocol-ticket' },
] as const;

/** Name of the query parameter that carries a ticket. */
const TICKET_PARAMETER = 'ticket';

/** Parts of a request that can carry a credential. */
export interface CredentialPlaces {
  headers: Headers;
  /** Returns the parameters as they were sent: the query without its question mark, or a form. */
  parameters: () => string;
  /** Token that was removed from the front of the path. */
  pathToken?: string | undefined;
}

/**
 * Reads the credential of a request; undefined if it has none.
 *
 * @throws {RegistryError} `UNAUTHENTICATED` for several credentials or a malformed one. The message never shows them.
 */
export type ReadCredential = (places: CredentialPlaces) => Credential | undefined;

/**
 * Returns a reader of the credential for an endpoint that accepts these carriers and no others.
 *
 * Several credentials are refused even if one of them is valid or all are equal, because a proxy in front of the registry
 * may have checked a different one. Only the carriers of Nacos' and Consul's clients may repeat a credential.
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

/** Reports whether a credential is a ticket, which can be used once. */
export function isTicket({ carrier }: Credential): boolean {
  return carrier === 'subprotocol-ticket' || carrier === 'query-ticket';
}

/**
 * Reports whether a token is accepted in a path, where proxies log it and people paste it: only if it can do no more than
 * read, or was created with `pathWrite`.
 */
export function isForPaths({ grants, pathWrite }: VerifiedToken): boolean {
  return pathWrite || grants.every(({ scope }) => scope === 'read' || scope === 'metrics');
}

const repeats = ({ carrier, text }: Credential, first: Credential): boolean =>
  REPEATED.includes(carrier) && text === first.text;

/** Reads one place, and adds the credentials that it finds. */
type Look = (places: CredentialPlaces, found: Credential[]) => void;

function looksOf(carriers: readonly Carrier[]): Look[] {
  const takes = (carrier: Carrier): boolean => carriers.includes(carrier);
  const looks: Look[] = [];
  if (takes('path')) looks.push(inPath);
  if (takes('bearer')) looks.push(inAuthorization({ takesBasic: takes('basic'), takesRaw: takes('raw') }));
  if (takes('subprotocol-token')) looks.push(inSubprotocols);
  for (const [carrier, name] of HEADERS) if (takes(carrier)) looks.push(inHeader(carrier, name));
  const parameters = PARAMETERS.filter(({ carrier }) => takes(carrier));
  if (parameters.length > 0) looks.push(inParameters(parameters));
  return looks;
}

const inPath: Look = ({ pathToken }, found) => {
  if (pathToken !== undefined) found.push({ carrier: 'path', text: pathToken });
};

/** Forms of `Authorization` that an endpoint accepts besides `Bearer`. */
interface AuthorizationForms {
  takesBasic: boolean;
  takesRaw: boolean;
}

const inAuthorization =
  (forms: AuthorizationForms): Look =>
  ({ headers }, found) => {
    const authorization = headers.get('authorization');
    if (authorization !== null) found.push(authorizationCredential(authorization, forms));
  };

function authorizationCredential(authorization: string, { takesBasic, takesRaw }: AuthorizationForms): Credential {
  const token = BEARER.exec(authorization)?.[1];
  if (token !== undefined) return { carrier: 'bearer', text: token };
  if (takesRaw && RAW.test(authorization)) return { carrier: 'raw', text: splitLogin(authorization).token };
  if (!takesBasic) {
    throw unauthenticated('the Authorization header is not "Bearer <token>", the only form that is accepted here');
  }
  const password = passwordIn(BASIC.exec(authorization)?.[1]);
  if (password !== undefined) return { carrier: 'basic', text: password };
  throw unauthenticated(
    'the Authorization header is neither "Bearer <token>" nor "Basic" with a token as the password, the forms that are accepted here',
  );
}

/** A token, and the namespace in front of it. */
export interface Login {
  namespace?: string;
  token: string;
}

/**
 * Splits `<namespace>/<token>`, as a login of etcd or Nacos returns it to a user of that namespace. No token of the directory has a
 * slash; for a root token with one, {@link joinLogin} always names a namespace.
 */
export function splitLogin(text: string): Login {
  const slash = text.indexOf('/');
  const namespace = text.slice(0, Math.max(0, slash));
  return isNamespaceId(namespace) ? { namespace, token: text.slice(slash + 1) } : { token: text };
}

/** Returns the text that {@link splitLogin} splits. @param otherwise Namespace to name if the token alone is ambiguous. */
export function joinLogin({ namespace, token }: Login, otherwise: string): string {
  if (namespace !== undefined) return `${namespace}/${token}`;
  return splitLogin(token).namespace === undefined ? token : `${otherwise}/${token}`;
}

/** Returns the password, or else the user, in base64 of `user:password`; undefined if malformed or both are empty. */
function passwordIn(base64: string | undefined): string | undefined {
  // Without its padding, because `atob` throws if that has the wrong length.
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

/** Names of the headers that carry a credential. */
const HEADERS = [
  ['access-token-header', 'accesstoken'],
  ['consul-token-header', 'x-consul-token'],
] as const;

const inHeader =
  (carrier: Carrier, name: string): Look =>
  ({ headers }, found) => {
    const text = headers.get(name);
    if (text !== null && text !== '') found.push({ carrier, text: withoutNamespace(carrier, text) });
  };

/** Returns the token of a credential. The access token of a Nacos login may have a namespace in front. */
const withoutNamespace = (carrier: Carrier, text: string): string =>
  carrier === 'access-token-header' || carrier === 'access-token-parameter' ? splitLogin(text).token : text;

/** Names of the parameters that carry a credential. */
const PARAMETERS = [
  { name: TICKET_PARAMETER, carrier: 'query-ticket' },
  { name: 'accessToken', carrier: 'access-token-parameter' },
  { name: 'password', carrier: 'password-parameter' },
  { name: 'token', carrier: 'token-parameter' },
] as const;

/** Matches a parameter that carries a credential, or whose name has an escape and may be one of those. */
const MAY_CARRY = /(?:^|&)(?:[^=&%]*%|(?:ticket|accessToken|password|token)(?:[=&]|$))/;

const inParameters =
  (taken: readonly (typeof PARAMETERS)[number][]): Look =>
  ({ parameters }, found) => {
    const text = parameters();
    // This test avoids parsing all parameters, which costs as much as the rest of a heartbeat.
    if (!MAY_CARRY.test(text)) return;
    const sent = new URLSearchParams(text);
    for (const { name, carrier } of taken) {
      for (const value of sent.getAll(name)) {
        // Clients without a token may send an empty one; an empty ticket is an error.
        if (value !== '' || carrier === 'query-ticket') found.push({ carrier, text: withoutNamespace(carrier, value) });
      }
    }
  };

const unauthenticated = (message: string): RegistryError => new RegistryError('UNAUTHENTICATED', message);
