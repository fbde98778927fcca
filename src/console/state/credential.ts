/** Reads credentials from what a visitor enters or opens. */

/** Start of the fragment of a link that signs in. */
const TICKET = '#ticket=';

/** Returns the ticket in the fragment of an address; undefined if there is none. It is not checked. */
export function ticketOf(fragment: string): string | undefined {
  if (!fragment.startsWith(TICKET)) return undefined;
  const text = fragment.slice(TICKET.length);
  try {
    return decodeURIComponent(text);
  } catch {
    // The registry refuses it.
    return text;
  }
}

/**
 * Returns the token in an entered text: without spaces around it, and without the word in front of it in a header.
 * Undefined if it can't be one, as a browser can't send it in a header.
 */
export function tokenIn(text: string): string | undefined {
  const token = text.trim().replace(/^(authorization:\s*)?bearer\s+/i, '');
  return /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}
