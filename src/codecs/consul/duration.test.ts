import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { formatDuration, milliseconds, parseDuration } from './duration';

it('durations are read as Go reads them', () =>
  eachRow(
    [
      ['0', 0],
      ['15s', 15e9],
      ['300000ms', 300e9],
      ['1m30s', 90e9],
      ['1.5h', 5_400e9],
      ['.5s', 5e8],
      ['1.s', 1e9],
      ['-2m', -120e9],
      ['+3us', 3_000],
      ['3µs', 3_000],
      ['3μs', 3_000],
      ['1h1m1s1ms1us1ns', 3_661_001_001_001],
      ['0.1ns', 0],
      ['9223372036854775807ns', 2 ** 63],
      ['', { problem: 'time: invalid duration ""' }],
      ['-', { problem: 'time: invalid duration "-"' }],
      ['10', { problem: 'time: missing unit in duration "10"' }],
      ['1..5s', { problem: 'time: missing unit in duration "1..5s"' }],
      ['10 s', { problem: 'time: unknown unit " s" in duration "10 s"' }],
      ['10d', { problem: 'time: unknown unit "d" in duration "10d"' }],
      ['1constructor', { problem: 'time: unknown unit "constructor" in duration "1constructor"' }],
      ['.s', { problem: 'time: invalid duration ".s"' }],
      ['s', { problem: 'time: invalid duration "s"' }],
      ['9223372036854775808ns', { problem: 'time: invalid duration "9223372036854775808ns"' }],
      ['3000000h', { problem: 'time: invalid duration "3000000h"' }],
      ['9'.repeat(300), { problem: `time: invalid duration "${'9'.repeat(200)}"` }],
    ],
    (text, expected) => {
      expect(parseDuration(text)).toEqual(expected);
    },
  ));

it('durations are formatted as Go formats them', () =>
  eachRow(
    [
      [0, '0s'],
      [1, '1ns'],
      [1_100, '1.1µs'],
      [2_200_000, '2.2ms'],
      [3.3e9, '3.3s'],
      [15e9, '15s'],
      [90e9, '1m30s'],
      [245e9, '4m5s'],
      [3_600e9, '1h0m0s'],
      [18_367.001e9, '5h6m7.001s'],
      [-15e9, '-15s'],
    ],
    (duration, expected) => {
      expect(formatDuration(duration)).toBe(expected);
    },
  ));

it('a duration survives being formatted and read', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (duration) => {
      expect(parseDuration(formatDuration(duration))).toBe(duration === 0 ? 0 : duration);
    }),
  );
});

it('a duration is never rounded to none', () => {
  expect([0, -5, 1, 1_400_000, 15e9].map(milliseconds)).toEqual([0, 0, 1, 1, 15_000]);
});
