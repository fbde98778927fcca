import { describe, expect, it } from 'vitest';
import { encodeCursor } from './cursor';
import { CURSOR_MAX_CHARACTERS } from './limits';
import { CursorText, duration, PointInTime } from './query-values';

it('[E3] accepts every cursor the registry returns, whatever its size', () => {
  for (const position of [
    { epoch: 'x', revision: 0, check: 0 },
    { epoch: '-_Az09-_Az09', revision: Number.MAX_SAFE_INTEGER, check: 0xffff_ffff },
  ]) {
    const cursor = encodeCursor(position);
    expect(CursorText.parse(cursor)).toBe(cursor);
    expect(cursor.length).toBeLessThanOrEqual(CURSOR_MAX_CHARACTERS / 2);
  }
});

it('[E3] refuses text that can’t be a cursor', () => {
  for (const text of ['', 'c', 'x1', 'c 1', 'c1\n', '"c1"', 'cü', `c${'1'.repeat(CURSOR_MAX_CHARACTERS)}`]) {
    expect(CursorText.safeParse(text).success, text).toBe(false);
  }
});

describe('duration', () => {
  const schema = duration(1_000, 60_000);

  it('[R14] accepts both bounds and nothing beyond them', () => {
    expect(schema.parse('1s')).toBe(1_000);
    expect(schema.parse('1m')).toBe(60_000);
    expect(schema.safeParse('999ms').error?.issues[0]?.message).toBe('must be at least 1000 ms');
    expect(schema.safeParse('60001ms').error?.issues[0]?.message).toBe('must be at most 60000 ms');
  });

  it('describes the format of a duration', () => {
    expect(schema.safeParse('soon').error?.issues[0]?.message).toContain('such as 500ms, 30s or 5m');
  });
});

describe('PointInTime', () => {
  it.each(['cE.1.x', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00.123+02:00', 'r0', 'r42'])('accepts %s', (text) => {
    expect(PointInTime.parse(text)).toBe(text);
  });

  it.each(['', 'x', '2027-01-31', '12:00', 'c y', 'r', 'r01', 'r-1', 'r1e3', `r${'1'.repeat(17)}`])(
    'refuses %j, and describes the accepted forms',
    (text) => {
      expect(PointInTime.safeParse(text).error?.issues[0]?.message).toContain('must be a cursor');
    },
  );
});
