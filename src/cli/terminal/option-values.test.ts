import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import * as values from './option-values';

describe('option values', () => {
  it('are parsed', () =>
    eachRow(
      [
        [() => values.duration('1.5s'), 1_500],
        [() => values.port('65535'), 65_535],
        [() => values.count('20'), 20],
        [() => values.amount('0'), 0],
        [() => values.amount('0.25'), 0.25],
        [() => values.keyAndValue('a=b=c'), ['a', 'b=c']],
        [() => values.keyAndValue('a='), ['a', '']],
        [() => values.list('b', ['a']), ['a', 'b']],
        [() => values.moment('cE.1.x'), 'cE.1.x'],
        [() => values.moment('2027-01-31T12:00:00+01:00'), '2027-01-31T12:00:00+01:00'],
        [() => values.serviceName('orders'), { group: 'DEFAULT_GROUP', service: 'orders' }],
        [() => values.serviceName('eu@@orders@@x'), { group: 'eu', service: 'orders@@x' }],
      ],
      (read, value) => {
        expect(read()).toEqual(value);
      },
    ));

  it('are refused with their syntax', () =>
    eachRow(
      [
        [() => values.duration('10'), 'a number with a unit'],
        [() => values.moment('10'), 'how long ago'],
        [() => values.duration('soon'), 'such as 500ms, 30s or 5m'],
        [() => values.port('0'), 'from 1 to 65535'],
        [() => values.port('65536'), 'from 1 to 65535'],
        [() => values.port('80a'), 'from 1 to 65535'],
        [() => values.count('0'), 'whole number of at least 1'],
        [() => values.count('1.5'), 'whole number of at least 1'],
        [() => values.amount('-1'), 'number of at least 0'],
        [() => values.amount('1e3'), 'number of at least 0'],
        [() => values.keyAndValue('=b'), 'key=value'],
        [() => values.keyAndValue('a'), 'key=value'],
        [() => values.moment('yesterday'), 'how long ago'],
        [() => values.moment('c'), 'a cursor'],
        [() => values.moment('2027-13-31T12:00:00Z'), 'a time'],
        [() => values.serviceName('@@orders'), 'group@@orders'],
        [() => values.serviceName(''), 'group@@orders'],
      ],
      (read, message) => {
        expect(read).toThrow(message);
      },
    ));

  it('subtracts a duration from the current time', () => {
    const moment = values.moment('10m');
    const agoMs = Date.now() - Date.parse(moment);
    expect(agoMs).toBeGreaterThanOrEqual(600_000);
    expect(agoMs).toBeLessThan(605_000);
  });

  it('keeps every key, with any name', () => {
    const entries = ['__proto__=a', 'b=1', 'b=2'].reduce<Record<string, string>>(
      (before, text) => values.keysAndValues(text, before),
      {},
    );
    expect(Object.entries(entries)).toEqual([
      ['__proto__', 'a'],
      ['b', '2'],
    ]);
  });

  it('formats a service as it is parsed', () => {
    for (const text of ['orders', 'eu@@orders']) expect(values.serviceText(values.serviceName(text))).toBe(text);
  });
});
