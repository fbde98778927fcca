import { describe, expect, it } from 'vitest';
import { duration, parseDuration } from './duration';

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

describe('duration', () => {
  const schema = duration(1_000, 60_000);

  it('[R14] takes both bounds and nothing beyond them', () => {
    expect(schema.parse('1s')).toBe(1_000);
    expect(schema.parse('1m')).toBe(60_000);
    expect(schema.safeParse('999ms').error?.issues[0]?.message).toBe('must be at least 1000 ms');
    expect(schema.safeParse('60001ms').error?.issues[0]?.message).toBe('must be at most 60000 ms');
  });

  it('says how a duration is written', () => {
    expect(schema.safeParse('soon').error?.issues[0]?.message).toContain('such as 500ms, 30s or 5m');
  });
});
