import { may } from '../../../auth/authorize';
import { loginOf, tokenOfLogin } from '../../../auth/logins';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import { RegistryError } from '../../../model/errors';
import type { Principal } from '../../../model/grant';
import { ALL_NAMESPACES } from '../../../model/service-name';
import { answer } from '../wire/answers';
import { Parameters } from '../wire/parameters';

/** Login paths: of Java and Go clients, of Rust clients and scripts, and since Nacos 3. */
const PATHS = ['/nacos/v1/auth/users/login', '/nacos/v1/auth/login', '/nacos/v3/auth/user/login'];

/** Returns the access token in both header and body, because clients read one or the other. */
function welcome(session: Session): Response {
  const response = answer(session);
  response.headers.set('Authorization', `Bearer ${session.accessToken}`);
  return response;
}

/** Adds the login route. The password has already been verified as a token, as on every route. */
export function addLoginRoute(door: DialectDoor): void {
  door.directoryRoute({
    operation: 'login',
    method: 'post',
    paths: PATHS,
    summary: 'Returns the password, which is a token, as the access token',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { username: parameters.text('username'), password: parameters.required('password') };
    },
    call: async (_, { principal }, input, namespace) => sessionOf(principal, { ...input, namespace }, Date.now()),
    answer: welcome,
  });
}

/** Time until a client logs in again if its token does not expire, in seconds. Source: Nacos' default. */
const SESSION_SECONDS = 18_000;

/** Response to a login. Numbers must not be strings: the Go client of version 1 exits its process over one. */
interface Session {
  accessToken: string;
  /** Seconds. */
  tokenTtl: number;
  globalAdmin: boolean;
  username: string;
}

/**
 * Returns a session whose access token is the password, which is a token itself. The user name is not checked. If it is
 * `<namespace>/<any name>`, or the path names a namespace, the access token begins with that, and is one for its requests.
 *
 * @param now Milliseconds since the epoch.
 * @throws {RegistryError} `FORBIDDEN` for a token without grants.
 */
export function sessionOf(
  { tokenId, grants, expiresAt }: Principal,
  { username, password, namespace }: { username: string; password: string; namespace?: string | undefined },
  now: number,
): Session {
  if (grants.length === 0) throw new RegistryError('FORBIDDEN', `token "${tokenId}" has no grants; use another one`);
  const left = expiresAt === undefined ? SESSION_SECONDS : Math.floor((expiresAt - now) / 1_000);
  const login = namespace === undefined ? loginOf(username, password) : { namespace, token: password };
  return {
    accessToken: tokenOfLogin(login),
    tokenTtl: Math.max(1, Math.min(SESSION_SECONDS, left)),
    globalAdmin: may({ tokenId, grants }, 'admin', { namespace: ALL_NAMESPACES }),
    username,
  };
}
