import { pathStart } from './request-target';

/** Begins a path that carries a token. */
const PREFIX = '/t/';

/** A request without the token that its path began with. */
export interface WithoutPathToken {
  request: Request;
  token: string;
}

/**
 * Takes the token out of a path `/t/<token>/…`, before anything else looks at the request: what is routed, kept or logged
 * from then on has never held it. Undefined for any other path.
 *
 * The token is what stands up to the next slash, as it was sent: no token needs an escape, so one that has any is wrong.
 * It is taken off once. What is left is a path like any other, and another token in it is a name that no route has.
 *
 * @param path Of the request, as it was sent.
 */
export function withoutPathToken(request: Request, path: string): WithoutPathToken | undefined {
  if (!path.startsWith(PREFIX)) return undefined;
  const { url } = request;
  const start = pathStart(url);
  const begin = start + PREFIX.length;
  const [token = ''] = /^[^/?#]*/.exec(url.slice(begin)) ?? [];
  const rest = url.slice(begin + token.length);
  return { request: new Request(url.slice(0, start) + (rest.startsWith('/') ? rest : `/${rest}`), request), token };
}
