import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { Grant } from '../../client/wire/directory-answers';
import { GROUP_SEPARATOR, joinedName, shortName, splitName } from '../../model/service-name';
import { serviceName } from './option-values';

/** What a token may be good for, in the order of what it allows. */
export const SCOPES: readonly Grant['scope'][] = ['admin', 'operate', 'register', 'read', 'metrics'];

const isScope = (text: string): text is Grant['scope'] => SCOPES.some((scope) => scope === text);

/**
 * A grant as the command line writes it: `read:*`, `register:staging`, `operate:public:orders*`, and `read:public:eu@@*`
 * for a whole group. What it is good for comes first, then a namespace or `*`, then services where it is for some only.
 */
export function grant(text: string): Grant {
  const [scope = '', ns = '', ...rest] = text.split(':');
  if (!isScope(scope))
    throw new InvalidArgumentError(`A grant begins with one of ${SCOPES.join(', ')}, such as read:public.`);
  if (ns === '') throw new InvalidArgumentError(`A grant names a namespace, or * for all: ${scope}:public.`);
  const pattern = rest.join(':');
  if (rest.length === 0) return { scope, ns };
  if (pattern === '') throw new InvalidArgumentError('A grant that ends with a colon names no service.');
  if (pattern === '*') return { scope, ns, services: ['*'] };
  return { scope, ns, services: [joinedName(serviceName(pattern))] };
}

/** Grants, of an option that may come many times. */
export function grants(text: string, before: Grant[] = []): Grant[] {
  return [...before, grant(text)];
}

/** A grant as it is read: as {@link grant} takes it, where it takes it at all. */
export function grantText({ scope, ns, services = [] }: Grant): string {
  const patterns = services.map(patternText);
  return [scope, ns, ...(patterns.length > 0 ? [patterns.join(',')] : [])].join(':');
}

/** A pattern without the default group, unless what is left would mean something else: `*` alone is every group. */
function patternText(pattern: string): string {
  if (!pattern.includes(GROUP_SEPARATOR)) return pattern;
  const short = shortName(splitName(pattern));
  return short === '*' ? pattern : short;
}
