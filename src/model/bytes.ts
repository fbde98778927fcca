/**
 * Bytes as strings of one character a byte, from `\u0000` to `\u00ff`. Keys of entries have this form: JavaScript compares
 * them in the order of their bytes, and stores them in one byte a character.
 */

/** Characters that one call converts: the arguments of a function have to fit on the stack. */
const STEP = 8_192;

/** Length from which on the platform's codecs are faster than a loop. */
const CODEC_MIN_LENGTH = 64;

/**
 * Length up to which bytes are decoded leniently: Deno takes a third of the time of a strict decoder, and bytes that are not
 * UTF-8 cause no error, which takes 10 µs. Longer ones that are not UTF-8 cost less with the error.
 */
const LENIENT_LENGTH = 4_096;

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of the characters of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/** Matches a character that is no byte. */
const BEYOND_BYTES = /[\u0100-\uffff]/;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Replaces what is not UTF-8. */
const lenientDecoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });
const REPLACEMENT = '\ufffd';

/** Returns whether a string has one character a byte. */
export function isByteString(text: string): boolean {
  return !BEYOND_BYTES.test(text);
}

/** Converts bytes to a string of one character a byte. */
export function byteString(bytes: Uint8Array): string {
  if (bytes.length >= CODEC_MIN_LENGTH && isAscii(bytes)) return lenientDecoder.decode(bytes);
  if (bytes.length <= STEP) return characters(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += STEP) text += characters(bytes.subarray(at, at + STEP));
  return text;
}

function isAscii(bytes: Uint8Array): boolean {
  // An iterator takes ten times as long.
  for (let at = 0; at < bytes.length; at++) if (Number(bytes[at]) > 0x7f) return false;
  return true;
}

/** Converts a few bytes. `apply` takes an eighth of the time of spread arguments, which are iterated one by one. */
function characters(bytes: Uint8Array): string {
  // `as`: apply accepts anything that has a length and elements.
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Converts a string of {@link byteString} to its bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  if (text.length >= CODEC_MIN_LENGTH && ASCII.test(text)) {
    encoder.encodeInto(text, bytes);
    return bytes;
  }
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
  if (bytes.length <= LENIENT_LENGTH) {
    const text = lenientDecoder.decode(bytes);
    if (!text.includes(REPLACEMENT)) return text;
    // The bytes may contain the character itself.
    if (!hasReplacement(bytes)) return undefined;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns whether bytes contain the replacement character in UTF-8. */
function hasReplacement(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return true;
  }
  return false;
}

/** Decodes the UTF-8 in a string of {@link byteString}; undefined if the bytes are anything else. */
export function utf8Of(text: string): string | undefined {
  return ASCII.test(text) ? text : utf8Text(bytesOf(text));
}

/** Methods of ES2026. Deno and workerd have them, but not all versions of Node and of browsers. */
interface Base64Methods {
  toBase64?(): string;
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** Encodes bytes as base64. */
export function base64(bytes: Uint8Array & Pick<Base64Methods, 'toBase64'>): string {
  return bytes.toBase64?.() ?? btoa(byteString(bytes));
}

/** Decodes text of {@link base64}. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64: decode } = Uint8Array as Base64Methods; // `as`: TypeScript's types don't have it yet
  return decode?.(text) ?? bytesOf(atob(text));
}
