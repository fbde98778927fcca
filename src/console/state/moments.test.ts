import { describe, expect, it } from 'vitest';
import { RollcallError } from '../../client/admin';
import { fieldOf, rangeOf, reachOf, timeOfField } from './moments';

describe('fields', () => {
  it('show local time, with milliseconds only if there are any', () => {
    const time = new Date(2026, 10, 21, 3, 4, 5).getTime();
    expect(fieldOf(time)).toBe('2026-11-21T03:04:05');
    expect(fieldOf(time + 7)).toBe('2026-11-21T03:04:05.007');
  });

  it('give back the time that they show', () => {
    const time = '2026-11-21T03:04:05.678Z';
    expect(timeOfField(fieldOf(time))).toBe(time);
    expect(timeOfField('')).toBeUndefined();
  });
});

describe('rangeOf', () => {
  const local = (range: { since?: string | undefined; until?: string | undefined }) =>
    [range.since, range.until].map((each) => each && fieldOf(each));

  it('ends last night at eight', () => {
    expect(local(rangeOf('night', new Date(2026, 10, 21, 9, 30).getTime()))).toEqual([
      '2026-11-20T18:00:00',
      '2026-11-21T08:00:00',
    ]);
  });

  it('leaves a night open that lasts, as the registry refuses times of the future', () => {
    expect(local(rangeOf('night', new Date(2026, 10, 1, 7, 0).getTime()))).toEqual(['2026-10-31T18:00:00', undefined]);
  });

  it('starts the others before now', () => {
    const now = Date.parse('2026-11-21T12:00:00.000Z');
    expect(rangeOf('hour', now)).toEqual({ since: '2026-11-21T11:00:00.000Z' });
    expect(rangeOf('week', now)).toEqual({ since: '2026-11-14T12:00:00.000Z' });
  });
});

describe('reachOf', () => {
  it('finds how far back the history goes in the message of the registry', () => {
    const message = `the time "2020-01-01T00:00:00Z" is not in this namespace's retained history, which goes back to 2026-11-20T11:00:00.123Z`;
    expect(reachOf(new RollcallError('COMPACTED', message))).toBe('2026-11-20T11:00:00.123Z');
    expect(reachOf(new RollcallError('COMPACTED', 'the cursor is of another history'))).toBeUndefined();
    expect(reachOf(new RollcallError('FORBIDDEN', 'goes back to 2026-11-20T11:00:00.123Z'))).toBeUndefined();
  });
});
