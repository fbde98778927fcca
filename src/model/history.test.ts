import { describe, expect, it } from 'vitest';
import { HistoryQuery } from './history';

describe('HistoryQuery', () => {
  it('requires a service for an instance', () => {
    expect(HistoryQuery.safeParse({ instance: 'a' }).error?.issues).toMatchObject([{ path: ['service'] }]);
    expect(HistoryQuery.parse({ instance: 'a', service: 's' })).toMatchObject({ instance: 'a', service: 's' });
  });

  it.each([{ cause: 'bored' }, { limit: '0' }, { since: 'yesterday' }, { until: '3' }])('refuses %j', (query) => {
    expect(HistoryQuery.safeParse(query).success).toBe(false);
  });
});
