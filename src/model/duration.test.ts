import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1.5s', 1_500],
    ['0.001s', 1],
    ['30', 30_000],
    ['0', 0],
  ])('reads %s as %d ms', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  it.each([
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
  ])('does not read %j', (text) => expect(parseDuration(text)).toBeUndefined());
});
