import { RegistryError } from './errors';
import { NAME_MAX_BYTES } from './limits';
import { utf8Length } from './names';

/** What a registration can be reached by. */
interface Place {
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
}

/**
 * The id of an instance that was registered without one. The same place always has the same id:
 *
 * - address and port: `<address>:<port>`, the address in lower case, IPv6 in its canonical form and in brackets;
 * - otherwise the url as the URL standard writes it, without the slash of an empty path.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if the url is longer than a name may be.
 */
export function deriveInstanceId({ address, port, url }: Place): string {
  if (address !== undefined && port !== undefined) {
    const host = address.includes(':') ? new URL(`http://[${address}]`).hostname : address.toLowerCase();
    return `${host}:${port}`;
  }
  const { href, pathname, search, hash } = new URL(url ?? '');
  // An empty query is not in `search`, and tells two urls apart all the same.
  const isBare = pathname === '/' && search === '' && hash === '' && href.endsWith('/');
  const id = isBare ? href.slice(0, -1) : href;
  if (utf8Length(id) <= NAME_MAX_BYTES) return id;
  throw new RegistryError(
    'INVALID_REQUEST',
    `a url of more than ${NAME_MAX_BYTES} bytes gives no id; register it with PUT, under an id of your own`,
    { errors: [{ path: 'url', message: `is too long to be an id (at most ${NAME_MAX_BYTES} bytes)` }] },
  );
}
