import type { JSX } from 'preact';
import { navigate } from '../state/location';
import { BASE } from '../state/paths';

/** A link to another page of the console. @param href Path below the base of the page. */
export function Link({ href, ...attributes }: JSX.HTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent) => {
    // The browser opens other tabs and windows.
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    navigate(href);
  };
  return <a {...attributes} href={BASE + href} onClick={follow} />;
}
