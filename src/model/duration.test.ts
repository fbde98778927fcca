import { describe, expect, it } from 'vitest';
import { duration } from './duration';

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
