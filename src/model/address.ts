/** A host name. Underscores are taken, as container networks use them; four numbers are one as well. */
export const HOST_NAME =
  /^(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;

const IPV6_ALPHABET = /^[0-9a-fA-F:.]+$/;

/**
 * Tells whether a text is an address to the schema of `InstanceDefinition`: IPv4, IPv6 without brackets, or a host name.
 * For code that loads no schemas; a test holds the two together.
 */
export function isAddress(text: string): boolean {
  return HOST_NAME.test(text) || (IPV6_ALPHABET.test(text) && URL.canParse(`http://[${text}]`));
}
