import { describe, expect, it } from 'vitest';
import { isLogged, LOG_LEVELS, LOG_THRESHOLDS, logLine, logThreshold } from './log';

describe('isLogged', () => {
  it('[G4] writes a level and the graver ones', () => {
    const written = (threshold: (typeof LOG_THRESHOLDS)[number]) =>
      LOG_LEVELS.filter((level) => isLogged(level, threshold));
    expect(LOG_THRESHOLDS.map(written)).toEqual([[], ['error'], ['error', 'warn'], ['error', 'warn', 'info']]);
  });
});

describe('logThreshold', () => {
  it('is warn where nobody says otherwise, and knows no other names', () => {
    expect([undefined, null, '', 'info', 'off'].map(logThreshold)).toEqual(['warn', 'warn', 'warn', 'info', 'off']);
    expect(['debug', 'INFO', 'warn '].map(logThreshold)).toEqual([undefined, undefined, undefined]);
  });
});

describe('logLine', () => {
  it('[G3] is one line, whatever is in it', () => {
    const line = logLine(0, 'warn', 'a\nb', { route: 'x\r\n{"level":"error"}', none: undefined });
    expect(line).not.toMatch(/[\r\n]/);
    expect(JSON.parse(line)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'a\nb',
      route: 'x\r\n{"level":"error"}',
    });
  });
});
