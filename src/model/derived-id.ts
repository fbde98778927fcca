import { RegistryError } from './errors';
import { NAME_MAX_BYTES } from './limits';
import { utf8Length } from './names';

/** Address and port, or URL, of a registration. */
interface Place {
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
}

/**
 * Returns the id of an instance that was registered without one. The same place always gives the same id:
 *
 * - address and port: `<address>:<port>`, the address in lower case, IPv6 in its canonical form and in brackets;
 * - otherwise the URL as the URL standard serializes it, without the slash of an empty path.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if the URL is longer than a name may be.
 */
export function deriveInstanceId({ address, port, url }: Place): string {
  if (address !== undefined && port !== undefined) {
    const host = address.includes(':') ? new URL(`http://[${address}]`).hostname : address.toLowerCase();
    return `${host}:${port}`;
  }
  const { href, pathname, search, hash } = new URL(url ?? '');
  // `search` does not show an empty query, although the query makes the URL a different one.
  const isBare = pathname === '/' && search === '' && hash === '' && href.endsWith('/');
  const id = isBare ? href.slice(0, -1) : href;
  if (utf8Length(id) <= NAME_MAX_BYTES) return id;
  throw new RegistryError(
    'INVALID_REQUEST',
    `a url of more than ${NAME_MAX_BYTES} bytes is too long to be an id; choose an id, and register it with PUT`,
    { errors: [{ path: 'url', message: `is too long to be an id (at most ${NAME_MAX_BYTES} bytes)` }] },
  );
}
