/** Escapes of one character in a string of Go. */
const SHORT: Readonly<Record<string, number>> = {
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
  '\\': 0x5c,
};

/** Matches an escape, or a run of characters without one. */
const PART = /\\(?:([abfnrtv\\])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|[^\\\n]+/y;

/**
 * Returns the text of a string between quotes, as Go's `strconv.Unquote` does; undefined if it has an invalid escape. Escapes
 * may be bytes, which form text only together.
 */
export function unquoted(inner: string, quote: '`' | '"'): string | undefined {
  if (quote === '`') return inner.replaceAll('\r', '');
  if (!/[\\\n]/.test(inner)) return inner;
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  PART.lastIndex = 0;
  for (let at = 0; at < inner.length; at = PART.lastIndex) {
    const match = PART.exec(inner);
    if (match === null) return undefined;
    const [run, short, hex, octal, four, eight] = match;
    if (short !== undefined) bytes.push(SHORT[short] ?? 0);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) {
      const byte = Number.parseInt(octal, 8);
      if (byte > 0xff) return undefined;
      bytes.push(byte);
    } else {
      const text = four === undefined && eight === undefined ? run : characterOf(four ?? eight ?? '');
      if (text === undefined) return undefined;
      bytes.push(...encoder.encode(text));
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** Returns the character with a number; undefined if there is none. */
function characterOf(hex: string): string | undefined {
  const code = Number.parseInt(hex, 16);
  const exists = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return exists ? String.fromCodePoint(code) : undefined;
}
