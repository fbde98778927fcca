import { describe, expect, it } from 'vitest';
import { base64, byteString, bytesOf, fromBase64, utf8Bytes, utf8Text } from './bytes';

/** Lengths around those at which the conversions change their method. */
const LENGTHS = [0, 1, 63, 64, 65, 1_024, 4_095, 4_096, 4_097, 8_192, 8_193];

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const ascii = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at % 128);
const anyBytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 7 + 3) % 256);

/** Converts byte by byte. */
const slowly = (bytes: Uint8Array): string => [...bytes].map((byte) => String.fromCharCode(byte)).join('');

describe('byteString and bytesOf', () => {
  it('convert bytes of any length to one character a byte, and back', () => {
    for (const bytes of [ALL_BYTES, ...LENGTHS.flatMap((length) => [ascii(length), anyBytes(length)])]) {
      expect(byteString(bytes)).toBe(slowly(bytes));
      expect(bytesOf(slowly(bytes))).toEqual(bytes);
      expect(bytesOf(slowly(bytes)).buffer.byteLength).toBe(bytes.length);
    }
  });

  it('convert bytes of which only the last is not ASCII', () => {
    for (const length of LENGTHS.slice(1)) {
      const bytes = ascii(length);
      bytes[length - 1] = 0x80;
      expect(byteString(bytes)).toBe(slowly(bytes));
      expect(bytesOf(slowly(bytes))).toEqual(bytes);
    }
  });
});

describe('utf8Text', () => {
  const repeated = (text: string, length: number): Uint8Array =>
    utf8Bytes(text.repeat(Math.ceil(length / text.length)));

  it('decodes UTF-8 of any length, with a byte order mark and the replacement character', () => {
    for (const text of ['a', 'é', '配置', '😀', '\ufeff', '\ufffd', 'a\ufffd', '\ufeff\u0000配']) {
      for (const length of LENGTHS) {
        const bytes = repeated(text, length);
        expect(utf8Text(bytes)).toBe(text.repeat(Math.ceil(length / text.length)));
      }
    }
  });

  it('returns undefined for anything else', () => {
    const wrong = [
      [0x80],
      [0xc3],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf0, 0x9f, 0x98],
      [0xff],
    ];
    for (const bytes of wrong) {
      for (const length of LENGTHS) {
        const before = ascii(length);
        expect(utf8Text(Uint8Array.from([...before, ...bytes]))).toBeUndefined();
        expect(utf8Text(Uint8Array.from([...bytes, ...before]))).toBeUndefined();
        // The replacement character itself is valid, the rest is not.
        expect(utf8Text(Uint8Array.from([...before, 0xef, 0xbf, 0xbd, ...bytes]))).toBeUndefined();
      }
    }
  });
});

describe('base64 and fromBase64', () => {
  it('agree with the functions of the platform, with its methods of ES2026 and without', () => {
    for (const length of [...LENGTHS, 2, 3]) {
      const bytes = anyBytes(length);
      const text = btoa(slowly(bytes));
      // Methods of an object come before those of its prototype.
      const without = Object.assign(anyBytes(length), { toBase64: undefined });
      const withMethod = Object.assign(anyBytes(length), { toBase64: () => text });
      expect([base64(bytes), base64(without), base64(withMethod)]).toEqual([text, text, text]);
      expect(fromBase64(text)).toEqual(bytes);
    }
  });
});
