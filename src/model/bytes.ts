/**
 * Bytes as strings of one character a byte, from `\u0000` to `\u00ff`. Keys of entries have this form: JavaScript compares
 * them in the order of their bytes, and stores them in one byte a character.
 */

/** Characters that one call converts: the arguments of a function have to fit on the stack. */
const STEP = 8_192;

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of the characters of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/** Matches a character that is no byte. */
const BEYOND_BYTES = /[\u0100-\uffff]/;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns whether a string has one character a byte. */
export function isByteString(text: string): boolean {
  return !BEYOND_BYTES.test(text);
}

/** Converts bytes to a string of one character a byte. */
export function byteString(bytes: Uint8Array): string {
  if (bytes.length <= STEP) return characters(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += STEP) text += characters(bytes.subarray(at, at + STEP));
  return text;
}

/** Converts a few bytes. `apply` takes an eighth of the time of spread arguments, which are iterated one by one. */
function characters(bytes: Uint8Array): string {
  // `as`: apply accepts anything that has a length and elements.
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Converts a string of {@link byteString} to its bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Encodes a text as UTF-8. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  // `as`: an encoder returns an array with a buffer of its own.
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/** Encodes a text as UTF-8, one character a byte. */
export function utf8ByteString(text: string): string {
  return ASCII.test(text) ? text : byteString(utf8Bytes(text));
}

/** Decodes UTF-8; undefined if the bytes are anything else. A byte order mark is kept. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Decodes the UTF-8 in a string of {@link byteString}; undefined if the bytes are anything else. */
export function utf8Of(text: string): string | undefined {
  return ASCII.test(text) ? text : utf8Text(bytesOf(text));
}

/** Encodes bytes as base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(byteString(bytes));
}
