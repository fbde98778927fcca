/**
 * What a token may be good for. `admin` is good for everything; the others are good for themselves alone.
 *
 * `register` is for instances, `operate` for people who run services, `read` for callers, `metrics` for scrapers.
 */
export type Scope = 'admin' | 'operate' | 'register' | 'read' | 'metrics';

/** One thing that a token is good for. */
export interface Grant {
  scope: Scope;
  /** Id of a namespace, or `*` for all of them. */
  namespace: string;
}

/** Who is behind a token: the id that the journal shows, and what the token is good for. */
export interface Principal {
  tokenId: string;
  grants: readonly Grant[];
}

/** Whoever holds the root token. */
export const ROOT: Principal = { tokenId: 'root', grants: [{ scope: 'admin', namespace: '*' }] };
