import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration';

describe('parseDuration', () => {
  it('reads a number with or without a unit', () => {
    for (const [text, milliseconds] of [
      ['500ms', 500],
      ['30s', 30_000],
      ['5m', 300_000],
      ['1h', 3_600_000],
      ['7d', 604_800_000],
      ['1.5s', 1_500],
      ['0.001s', 1],
      ['30', 30_000],
      ['0', 0],
    ] as const) {
      expect(parseDuration(text), JSON.stringify(text)).toBe(milliseconds);
    }
  });

  it('rejects everything else', () => {
    for (const text of [
      '',
      's',
      '-1s',
      '+1s',
      '1 s',
      '1S',
      '1w',
      '1e3',
      '0x10',
      'Infinity',
      'NaN',
      '1.2345s',
      '9999999999s',
      ' 1s',
      '1s ',
    ]) {
      expect(parseDuration(text), JSON.stringify(text)).toBeUndefined();
    }
  });
});
