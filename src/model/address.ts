/** Matches a host name. Underscores are allowed because container networks use them; four numbers also match. */
export const HOST_NAME =
  /^(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;

const IPV6_ALPHABET = /^[0-9a-fA-F:.]+$/;

/**
 * Reports whether the schema of `InstanceDefinition` accepts a text as an address: IPv4, IPv6 without brackets, or a host
 * name. For code that loads no schemas; a test keeps the two in agreement.
 */
export function isAddress(text: string): boolean {
  return HOST_NAME.test(text) || (IPV6_ALPHABET.test(text) && URL.canParse(`http://[${text}]`));
}
