import type { BaseLocationHook } from 'wouter-preact';
import { navigate, usePathname, useSearch } from 'wouter-preact/use-browser-location';

/**
 * Returns the path with its escapes, and the function to change it. wouter decodes a path before it matches, so a name with
 * an escaped slash would be cut, and one with a percent sign decoded twice; a second escape cancels that. The names in a
 * route's parameters must be decoded by `decoded`.
 */
export const usePath: BaseLocationHook = () => [usePathname().replaceAll('%', '%25'), navigate];

/** Returns the query of the address, and subscribes to it. */
export const useQuery = (): URLSearchParams => new URLSearchParams(useSearch());

/**
 * Changes parameters of the address; undefined removes one.
 *
 * @param isStep True: the back button returns to the previous value.
 */
export function setQuery(values: Readonly<Record<string, string | undefined>>, isStep = false): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  if (text !== location.search.slice(1)) navigate(location.pathname + (text && `?${text}`), { replace: !isStep });
}
