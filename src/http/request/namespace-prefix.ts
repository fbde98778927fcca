import { pathStart } from './request-target';

/** Begins a path that names a namespace, for clients that can be told nothing but an address. */
const PREFIX = '/n/';

/** A request without the namespace that its path began with. */
export interface WithoutNamespace {
  request: Request;
  /** As it was sent; whether it is one, whoever uses it finds out. */
  namespace: string;
}

/**
 * Takes the namespace out of a path `/n/<namespace>/…`. Undefined for any other path.
 *
 * @param path Of the request, as it was sent.
 */
export function withoutNamespace(request: Request, path: string): WithoutNamespace | undefined {
  if (!path.startsWith(PREFIX)) return undefined;
  const end = path.indexOf('/', PREFIX.length);
  if (end < 0) return undefined;
  const { url } = request;
  const start = pathStart(url);
  const rest = new Request(url.slice(0, start) + url.slice(start + end), request);
  return { request: rest, namespace: path.slice(PREFIX.length, end) };
}
