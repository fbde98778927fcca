/**
 * The id of an instance that has none of its own: the same as the registry makes for the same place.
 *
 * @returns Undefined where there is nothing to make it of.
 */
export function derivedId({
  address,
  port,
  url,
}: {
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
}): string | undefined {
  if (address !== undefined && port !== undefined) {
    const isIpv6 = address.includes(':') && URL.canParse(`http://[${address}]`);
    return `${isIpv6 ? new URL(`http://[${address}]`).hostname : address.toLowerCase()}:${port}`;
  }
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { href, pathname, search, hash } = new URL(url);
  const isBare = pathname === '/' && search === '' && hash === '' && href.endsWith('/');
  return isBare ? href.slice(0, -1) : href;
}
