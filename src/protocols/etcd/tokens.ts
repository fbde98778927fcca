/**
 * A login of etcd's clients returns a token for their further calls. Here it is the token of the registry that they have sent
 * as the password, so that nothing has to be stored. A user named `<namespace>/<anything>` is one of that namespace, whose
 * name then precedes the token, as in `ns=staging,rc_…`.
 */
export interface EtcdToken {
  /** Undefined: the default one. */
  namespace: string | undefined;
  /** Token of the registry. */
  secret: string;
}

const NAMESPACE_AND_SECRET = /^ns=([A-Za-z0-9_-]{1,64}),(.*)$/s;

/** Returns the token for a client that logs in. */
export function tokenFor(user: string, password: string): string {
  const slash = user.indexOf('/');
  return slash < 0 ? password : `ns=${user.slice(0, slash)},${password}`;
}

/** Reads the token of a call. */
export function readToken(text: string): EtcdToken {
  const [, namespace, secret = text] = NAMESPACE_AND_SECRET.exec(text) ?? [];
  return { namespace, secret };
}
