import { quote, RegistryError } from '../../model/errors';
import { pathStart } from './request-target';

/** A host name in lower case whose last label is no number: an address has no names below it. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What is wrong with the domain of namespaces, as the refusal of every request; undefined where nothing is. */
export function domainProblem(domain: string | null | undefined): RegistryError | undefined {
  if (!domain || DOMAIN.test(domain.toLowerCase())) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_NAMESPACE_DOMAIN is ${quote(domain)}, which is no host name; write the name that namespaces stand in front of, such as registry.example.com, without a scheme, a port and without *`,
  );
}

/** Names the namespace that a request is about by the host it was sent to; undefined where that names none. */
export type NamespaceOfHost = (url: string) => string | undefined;

/**
 * Takes namespaces from host names: `orders.registry.example.com` names `orders` where the domain is
 * `registry.example.com`. For clients that can be told neither a namespace nor a path.
 *
 * The host is the caller's word, and decides on nothing but which namespace is asked for: what a token is good for there
 * is told by its grants. Whatever stands in front of the domain is taken as it is, in lower case, as DNS does not know
 * the difference: whether it is a namespace, whoever uses it finds out. Any other host names none, nor does the domain
 * itself.
 *
 * @param domain Undefined or empty: no host names a namespace.
 */
export function namespaceOfHost(domain: string | null | undefined): NamespaceOfHost {
  if (!domain) return () => undefined;
  const ending = `.${domain.toLowerCase()}`;
  return (url) => {
    // Not by URL, which this would cost every request: what it refuses is no name below the domain either.
    const authority = url.slice(url.indexOf('://') + 3, pathStart(url)).toLowerCase();
    const host = authority.replace(/:\d*$/, '').replace(/\.$/, '');
    return host.length > ending.length && host.endsWith(ending) ? host.slice(0, -ending.length) : undefined;
  };
}
