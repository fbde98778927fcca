import { expect, it } from 'vitest';
import { refusalOfCall } from '../../../test/fixtures/consul-refusal';
import { eachRow } from '../../../test/fixtures/every-row';
import { blockingMs, QueryParameters } from './parameters';

const of = (query: string) => new QueryParameters(query);

it('reads are read from the queries of clients', () =>
  eachRow(
    [
      ['', { index: 0n, waitMs: 300_000, consistency: 'leader', cached: false, tags: [], nodeMeta: {}, pretty: false }],
      // Prometheus.
      [
        'index=7&wait=120000ms&stale=&tag=a&tag=B&node-meta=rack%3A1%3A2&filter=Service.Meta.a+%3D%3D+b&pretty',
        {
          index: 7n,
          waitMs: 120_000,
          consistency: 'stale',
          tags: ['a', 'B'],
          nodeMeta: { rack: '1:2' },
          filter: 'Service.Meta.a == b',
          pretty: true,
        },
      ],
      // Spring: a bare name, and the index of a context that it never read.
      ['wait=2s&index=-1&consistent', { index: 0n, waitMs: 2_000, consistency: 'consistent' }],
      ['index=18446744073709551615&wait=2h&cached', { index: 18446744073709551615n, waitMs: 600_000, cached: true }],
      ['wait=-1s&dc=dc2&near=_agent&hash=ab', { waitMs: 300_000, datacenter: 'dc2', near: '_agent', hash: 'ab' }],
      ['max_stale=10s&wait=1ns', { consistency: 'stale', waitMs: 1 }],
    ],
    (query, expected) => {
      expect(of(query).readOptions()).toMatchObject(expected);
    },
  ));

it('reads are refused with the texts of Consul', () =>
  eachRow(
    [
      ['wait=10', '400 Invalid wait time'],
      ['index=x', '400 Invalid index'],
      ['index=-2', '400 Invalid index'],
      ['index=18446744073709551616', '400 Invalid index'],
      ['max_stale=x', '400 Invalid max_stale value "x"'],
      ['stale&consistent', '400 Cannot specify ?stale with ?consistent, conflicting semantics.'],
      ['cached&consistent', '400 Cannot specify ?cached with ?consistent, conflicting semantics.'],
    ],
    (query, expected) => {
      expect(refusalOfCall(() => of(query).readOptions())).toBe(expected);
    },
  ));

it('a flag without a value is true, where Consul allows that', () => {
  expect(
    ['', 'passing', 'passing=', 'passing=1', 'passing=f', 'passing=False'].map((query) => of(query).passing()),
  ).toEqual([false, true, true, true, false, false]);
  expect(refusalOfCall(() => of('passing=yes').passing())).toBe('400 Invalid value for ?passing');
  expect(of('enable=true').enable()).toBe(true);
  expect(refusalOfCall(() => of('').enable())).toBe('400 Missing value for enable');
  expect(refusalOfCall(() => of('enable').enable())).toBe('400 Invalid value for enable: ""');
  const replacing = ['replace-existing-checks', 'replace-existing-checks=true', 'replace-existing-checks=1', ''];
  expect(replacing.map((query) => of(query).replacesChecks())).toEqual([true, true, false, false]);
});

it('writes of keys have flags of 64 bits and at most one condition', () => {
  expect(of('flags=18446744073709551615').kvWrite()).toEqual({ flags: 18446744073709551615n });
  expect(of('cas=0').kvWrite()).toEqual({ flags: 0n, cas: 0n });
  expect(of('acquire=a-b').kvWrite()).toEqual({ flags: 0n, acquire: 'a-b' });
  expect(of('release=a-b&flags=1').kvWrite()).toEqual({ flags: 1n, release: 'a-b' });
  expect(of('recurse=true').kvDelete()).toEqual({ recurse: true });
  expect(of('cas=12').kvDelete()).toEqual({ recurse: false, cas: 12n });
  expect([of('separator=%2F').separator(), of('seperator=-').separator(), of('').separator()]).toEqual(['/', '-', '']);
});

it('writes of keys are refused with the texts of Consul', () =>
  eachRow(
    [
      ['release=b&cas=1&acquire=a', '400 Conflicting flags: acquire=a&cas=1&release=b'],
      ['flags=-1', '400 strconv.ParseUint: parsing "-1": invalid syntax'],
      ['flags=18446744073709551616', '400 strconv.ParseUint: parsing "18446744073709551616": value out of range'],
      ['cas=', '400 strconv.ParseUint: parsing "": invalid syntax'],
    ],
    (query, expected) => {
      expect(refusalOfCall(() => of(query).kvWrite())).toBe(expected);
    },
  ));

it('a blocking query takes up to a sixteenth longer than its wait, unless that is short', () => {
  expect([blockingMs(2_000, 0.9), blockingMs(32_000, 0), blockingMs(32_000, 0.5)]).toEqual([2_000, 32_000, 33_000]);
});
