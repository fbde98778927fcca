import { describe, expect, it } from 'vitest';
import { isLogged, LOG_LEVELS, LOG_THRESHOLDS, LogGate, logLine, logThreshold } from './log';

describe('isLogged', () => {
  it('[G4] is true for a level and those more severe', () => {
    const written = (threshold: (typeof LOG_THRESHOLDS)[number]) =>
      LOG_LEVELS.filter((level) => isLogged(level, threshold));
    expect(LOG_THRESHOLDS.map(written)).toEqual([[], ['error'], ['error', 'warn'], ['error', 'warn', 'info']]);
  });
});

describe('logThreshold', () => {
  it('defaults to warn, and refuses unknown names', () => {
    expect([undefined, null, '', 'info', 'off'].map(logThreshold)).toEqual(['warn', 'warn', 'warn', 'info', 'off']);
    expect(['debug', 'INFO', 'warn '].map(logThreshold)).toEqual([undefined, undefined, undefined]);
  });
});

describe('logLine', () => {
  it('[G3] is one line, whatever its content', () => {
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

it('[G10] passes a limited number per second, and reports the number of suppressed lines with the next', () => {
  const gate = new LogGate(2);
  expect([0, 1, 2, 999, 1_000, 1_001, 1_002].map((now) => gate.admit(now))).toEqual([
    0,
    0,
    undefined,
    undefined,
    2,
    0,
    undefined,
  ]);
  // A clock that was set back resets it too: lines are not suppressed for the length of the jump.
  expect(gate.admit(500)).toBe(1);
});
