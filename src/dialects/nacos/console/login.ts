import { may } from '../../../auth/authorize';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import { RegistryError } from '../../../model/errors';
import { ALL_NAMESPACES, type Principal } from '../../../model/grant';
import { answer } from '../wire/answers';
import { Parameters } from '../wire/parameters';

/** Where clients log in: Java and Go, Rust and scripts, and since version 3. */
const PATHS = ['/nacos/v1/auth/users/login', '/nacos/v1/auth/login', '/nacos/v3/auth/user/login'];

/** Clients look into the header or into the body. */
function welcome(session: Session): Response {
  const response = answer(session);
  response.headers.set('Authorization', `Bearer ${session.accessToken}`);
  return response;
}

/** Logging in. Whoever comes so far has a good token for a password already, as every route asks for one first. */
export function addLoginRoute(door: DialectDoor): void {
  door.directoryRoute({
    operation: 'login',
    method: 'post',
    paths: PATHS,
    summary: 'Gives the token that is the password as the access token',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { username: parameters.text('username'), password: parameters.required('password') };
    },
    call: async (_, { principal }, asked) => sessionOf(principal, asked, Date.now()),
    answer: welcome,
  });
}

/** How long a client may go on before it logs in again, where its token has no end; in seconds, as Nacos has it. */
const SESSION_SECONDS = 18_000;

/** The answer to a login. Numbers are numbers: the Go client of version 1 ends its process over a text. */
interface Session {
  accessToken: string;
  /** Seconds. */
  tokenTtl: number;
  globalAdmin: boolean;
  username: string;
}

/**
 * What somebody gets who logs in: the token that was the password, which goes on to be all that counts. The name of the
 * user is taken as it comes.
 *
 * @param now Milliseconds since the epoch.
 * @throws {RegistryError} `FORBIDDEN` for a token that is good for nothing.
 */
export function sessionOf(
  { tokenId, grants, expiresAt }: Principal,
  { username, password }: { username: string; password: string },
  now: number,
): Session {
  if (grants.length === 0) throw new RegistryError('FORBIDDEN', `token "${tokenId}" is good for nothing; use another`);
  const left = expiresAt === undefined ? SESSION_SECONDS : Math.floor((expiresAt - now) / 1_000);
  return {
    accessToken: password,
    tokenTtl: Math.max(1, Math.min(SESSION_SECONDS, left)),
    globalAdmin: may({ tokenId, grants }, 'admin', { namespace: ALL_NAMESPACES }),
    username,
  };
}
