/** Matches a host name. Underscores are allowed because container networks use them; four numbers also match. */
export const HOST_NAME =
  /^(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;

const IPV6_ALPHABET = /^[0-9a-fA-F:.]+$/;

/** Returns a host without the brackets that an IPv6 address has in a URL. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** Returns an address as URLs have it: IPv6 in brackets. */
export const inBrackets = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** Returns the host in a URL, IPv6 without brackets; undefined if it has none. */
export function hostOfUrl(url: string): string | undefined {
  const { hostname } = new URL(url);
  return hostname === '' ? undefined : withoutBrackets(hostname);
}

/**
 * Reports whether the schema of `InstanceDefinition` accepts a text as an address: IPv4, IPv6 without brackets, or a host
 * name. For code that loads no schemas; a test keeps the two in agreement.
 */
export function isAddress(text: string): boolean {
  return HOST_NAME.test(text) || (IPV6_ALPHABET.test(text) && URL.canParse(`http://[${text}]`));
}
