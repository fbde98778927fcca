import { describe, expect, it } from 'vitest';
import { HistoryQuery } from './history';
import { PointInTime } from './point-in-time';

describe('HistoryQuery', () => {
  it('asks for the service of an instance', () => {
    expect(HistoryQuery.safeParse({ instance: 'a' }).error?.issues).toMatchObject([{ path: ['service'] }]);
    expect(HistoryQuery.parse({ instance: 'a', service: 's' })).toEqual({ instance: 'a', service: 's' });
  });

  it.each([{ cause: 'bored' }, { limit: '0' }, { since: 'yesterday' }, { until: '3' }])('refuses %j', (query) => {
    expect(HistoryQuery.safeParse(query).success).toBe(false);
  });
});

describe('PointInTime', () => {
  it.each(['cE.1.x', '2027-01-31T12:00:00Z', '2027-01-31T12:00:00.123+02:00'])('takes %s', (text) => {
    expect(PointInTime.parse(text)).toBe(text);
  });

  it.each(['', 'x', '2027-01-31', '12:00', 'c y'])('refuses %j, and says what it takes', (text) => {
    expect(PointInTime.safeParse(text).error?.issues[0]?.message).toContain('must be a cursor');
  });
});
