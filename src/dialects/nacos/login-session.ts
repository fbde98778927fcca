import { may } from '../../auth/authorize';
import { RegistryError } from '../../model/errors';
import { ALL_NAMESPACES, type Principal } from '../../model/grant';

/** How long a client may go on before it logs in again, where its token has no end; in seconds, as Nacos has it. */
const SESSION_SECONDS = 18_000;

/** The answer to a login. Numbers are numbers: the Go client of version 1 ends its process over a text. */
export interface Session {
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
