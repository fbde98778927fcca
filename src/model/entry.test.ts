import { describe, expect, it } from 'vitest';
import { byteString, bytesOf, utf8Bytes } from './bytes';
import { assertEntrySizes, EntryContentType, EntryKey, shownKey, shownValue } from './entry';
import { intervalOf, intervalOfPrefix, isWithin, type KeyInterval } from './key-interval';
import { ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from './limits';

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe('byteString', () => {
  it('converts every byte to one character and back, whatever the length', () => {
    expect(bytesOf(byteString(EVERY_BYTE))).toEqual(EVERY_BYTE);
    const long = Uint8Array.from({ length: 100_001 }, (_, index) => index % 251);
    expect(bytesOf(byteString(long))).toEqual(long);
  });

  it('compares in the order of the bytes', () => {
    const keys = [[], [0], [0, 0], [0, 255], [1], [127], [128], [255], [255, 0]].map((bytes) =>
      byteString(Uint8Array.from(bytes)),
    );
    expect([...keys].reverse().sort((a, b) => (a < b ? -1 : 1))).toEqual(keys);
  });
});

describe('EntryKey', () => {
  const accepts = (key: string) => EntryKey.safeParse(key).success;

  it('[KV1] accepts any bytes up to 4 KiB', () => {
    for (const key of ['a', '\u0000', '..', 'a/../b', byteString(EVERY_BYTE), 'k'.repeat(ENTRY_KEY_MAX_BYTES)]) {
      expect(accepts(key), JSON.stringify(key.slice(0, 20))).toBe(true);
    }
  });

  it('[KV1] refuses an empty key, one byte more, and characters that are no bytes', () => {
    for (const key of ['', 'k'.repeat(ENTRY_KEY_MAX_BYTES + 1), 'schlüssel-日本'] as const) {
      expect(accepts(key), key.slice(0, 20)).toBe(false);
    }
  });
});

it('[KV1] accepts keys and values at their limits, and refuses one byte more', () => {
  const [key, value] = ['k'.repeat(ENTRY_KEY_MAX_BYTES), 'v'.repeat(ENTRY_VALUE_MAX_BYTES)];
  expect(() => assertEntrySizes(key, value)).not.toThrow();
  expect(() => assertEntrySizes(key, `${value}v`)).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }));
  for (const wrong of ['', `${key}k`]) {
    expect(() => assertEntrySizes(wrong, '')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  }
});

it('refuses a content type that a header could not carry', () => {
  expect(EntryContentType.safeParse('application/json; charset=utf-8').success).toBe(true);
  for (const type of ['', 'text/plain\r\nSet-Cookie: a', 'text/日本', 'x'.repeat(256)]) {
    expect(EntryContentType.safeParse(type).success, type.slice(0, 20)).toBe(false);
  }
});

describe('intervals', () => {
  const keys = [
    'a',
    'a\u0000',
    'a\u0000b',
    'aa',
    'a\u00ff',
    'a\u00ff\u00ff',
    'b',
    '\u00ff',
    '\u00ff\u00ff',
    '\u00ff\u00ffa',
  ];
  const within = (interval: KeyInterval) => keys.filter((key) => isWithin(key, interval));

  it('holds one key, or all keys with a prefix', () => {
    for (const key of keys) expect(within(intervalOf(key))).toEqual([key]);
    for (const prefix of ['', ...keys, 'c', 'a\u00fe']) {
      expect(within(intervalOfPrefix(prefix)), JSON.stringify(prefix)).toEqual(
        keys.filter((key) => key.startsWith(prefix)),
      );
    }
  });
});

describe('shown', () => {
  it('shows text as it is, with NUL and byte order mark, and anything else as base64', () => {
    for (const text of ['', 'plain', 'null \u0000 byte', '\ufeffmarked', '日本 🦀']) {
      expect(shownValue(utf8Bytes(text))).toEqual({ value: text });
      expect(shownKey(byteString(utf8Bytes(text)))).toEqual({ key: text });
    }
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [...EVERY_BYTE]]) {
      const encoded = Buffer.from(bytes).toString('base64');
      expect(shownValue(Uint8Array.from(bytes))).toEqual({ valueBase64: encoded });
      expect(shownKey(byteString(Uint8Array.from(bytes)))).toEqual({ keyBase64: encoded });
    }
  });
});
