import { describe, expect, it } from 'vitest';
import { FAILED_LOGIN_SOURCES_MAX_COUNT, FAILED_LOGINS_MAX_COUNT, FAILED_LOGINS_WINDOW_MS } from '../model/limits';
import { FailedLogins } from './failed-logins';

describe('FailedLogins', () => {
  const failed = (count: number, logins: FailedLogins, source: string): void => {
    for (let time = 0; time < count; time++) logins.refusal(source);
  };

  it('[A8] refuses a source with too many failures in a minute, and names the time to wait', () => {
    let now = 1_000_000;
    const logins = new FailedLogins(() => now);
    for (let time = 0; time < FAILED_LOGINS_MAX_COUNT; time++) {
      expect(logins.refusal('a').code).toBe('UNAUTHENTICATED');
    }
    expect(logins.refusal('a')).toMatchObject({ code: 'LIMIT_EXCEEDED', details: { retryAfterSeconds: 60 } });
    now += FAILED_LOGINS_WINDOW_MS - 1;
    expect(logins.refusal('a')).toMatchObject({ code: 'LIMIT_EXCEEDED', details: { retryAfterSeconds: 1 } });
    now += 1;
    expect(logins.refusal('a').code).toBe('UNAUTHENTICATED');
  });

  it('[A8] counts each source separately', () => {
    const logins = new FailedLogins(() => 0);
    failed(FAILED_LOGINS_MAX_COUNT + 1, logins, 'a');
    expect([logins.refusal('a').code, logins.refusal('b').code]).toEqual(['LIMIT_EXCEEDED', 'UNAUTHENTICATED']);
  });

  it('[A8] forgets the source with the oldest failure beyond its limit, and none that keeps failing', () => {
    const logins = new FailedLogins(() => 0);
    failed(FAILED_LOGINS_MAX_COUNT + 1, logins, 'a');
    for (let number = 0; number < FAILED_LOGIN_SOURCES_MAX_COUNT; number++) logins.refusal(`source ${number}`);
    expect(logins.refusal('a').code).toBe('UNAUTHENTICATED');

    failed(FAILED_LOGINS_MAX_COUNT, logins, 'a');
    for (let number = 0; number < 2 * FAILED_LOGIN_SOURCES_MAX_COUNT; number++) {
      logins.refusal(`other source ${number}`);
      if (number % 1_000 === 0) expect(logins.refusal('a').code).toBe('LIMIT_EXCEEDED');
    }
  });

  it('[A8] blocks a source for a minute at most, also if the clock goes back', () => {
    let now = 10_000_000;
    const logins = new FailedLogins(() => now);
    failed(FAILED_LOGINS_MAX_COUNT, logins, 'a');
    now -= 30_000;
    expect(logins.refusal('a')).toMatchObject({ code: 'LIMIT_EXCEEDED', details: { retryAfterSeconds: 60 } });
    now -= 30_000;
    expect(logins.refusal('a').code).toBe('UNAUTHENTICATED');
  });
});
