import { signal } from '@preact/signals';
import { BASE } from './paths';

/** Path of the page below its base, with its escapes. */
export const path = signal('');

const search = signal('');

function follow(): void {
  path.value = location.pathname.slice(BASE.length);
  search.value = location.search;
}
follow();
addEventListener('popstate', follow);

/**
 * Goes to a page.
 *
 * @param href Path below the base of the page, and its query.
 * @param isStep False: the back button does not return to the page before.
 */
export function navigate(href: string, isStep = true): void {
  history[isStep ? 'pushState' : 'replaceState'](null, '', BASE + href);
  follow();
}

/** Returns the query of the address, and subscribes to it. */
export const useQuery = (): URLSearchParams => new URLSearchParams(search.value);

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
  if (text !== location.search.slice(1)) navigate(path.peek() + (text && `?${text}`), isStep);
}
