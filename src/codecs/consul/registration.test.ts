import { describe, expect, it } from 'vitest';
import { InstanceDefinition } from '../../model/instance';
import { readCheck } from './check';
import type { KeptCheck } from './kept';
import { leaseOf, mergedChecks, newCheck, registrationOf, statusOf } from './registration';
import { readServiceRegistration } from './service';

const check = (definition: object, state: Partial<KeptCheck> = {}): KeptCheck => ({
  ...newCheck({ ...readCheck(definition), id: 'c', name: 'c' }),
  ...state,
});
const TTL = { TTL: '10s' };
const HTTP = { HTTP: 'http://10.0.0.1', Interval: '20s' };
const AFTER = { DeregisterCriticalServiceAfter: '90s' };
const failed = { status: 'critical', at: 5 } as const;

describe('leaseOf', () => {
  it.each<[string, KeptCheck[], object | undefined]>([
    ['of no checks', [], undefined],
    ['of a check that nothing runs', [check({})], undefined],
    ['is the TTL', [check(TTL)], { ttlMs: 10_000, removeAfterMs: null }],
    ['is at least a second', [check({ TTL: '1ms' })], { ttlMs: 1_000, removeAfterMs: null }],
    ['is at most a day', [check({ TTL: '100h' })], { ttlMs: 86_400_000, removeAfterMs: null }],
    ['ends with the removal', [check({ ...TTL, ...AFTER })], { ttlMs: 10_000, removeAfterMs: 100_000 }],
    [
      'ends a minute after the TTL at the earliest',
      [check({ ...TTL, DeregisterCriticalServiceAfter: '1s' })],
      { ttlMs: 10_000, removeAfterMs: 70_000 },
    ],
    ['is three intervals of a check that is run', [check(HTTP)], { ttlMs: 60_000, removeAfterMs: null }],
    ['is the TTL beside a check that is run', [check(HTTP), check(TTL)], { ttlMs: 10_000, removeAfterMs: null }],
    [
      'does not end with the removal by another check',
      [check(TTL), check({ ...HTTP, ...AFTER })],
      { ttlMs: 10_000, removeAfterMs: null },
    ],
    [
      'is the time to the removal by a check that has failed',
      [check(TTL), check({ ...HTTP, ...AFTER }, failed)],
      { ttlMs: 90_000, removeAfterMs: 90_000 },
    ],
    [
      'is not changed by a check that has failed and removes nothing',
      [check({ ...TTL }, failed), check({ ...HTTP, ...AFTER })],
      { ttlMs: 10_000, removeAfterMs: null },
    ],
  ])('%s', (_what, checks, expected) => {
    expect(leaseOf(checks)).toEqual(expected);
  });
});

describe('mergedChecks', () => {
  const before = [check({}, { id: 'a', status: 'passing', output: 'x', at: 7 }), check({}, { id: 'b' })];

  it('keeps the status of a check that is registered again, and those that are not mentioned', () => {
    const declared = [check({}, { id: 'a', name: 'new' }), check({}, { id: 'n' })];
    const merged = mergedChecks(before, declared, false);
    expect(merged.map(({ id, name, status, at }) => [id, name, status, at])).toEqual([
      ['a', 'new', 'passing', 7],
      ['n', 'c', 'critical', 0],
      ['b', 'c', 'critical', 0],
    ]);
    expect(mergedChecks(before, declared, true).map(({ id }) => id)).toEqual(['a', 'n']);
  });

  it('forgets for how long a check has been critical, and uses the last of several with one id', () => {
    const [merged, ...others] = mergedChecks(
      [check({}, { id: 'a', ...failed, output: 'x' })],
      [check({}, { id: 'a' }), check({}, { id: 'a', name: 'last' })],
      false,
    );
    expect([merged, others]).toEqual([expect.objectContaining({ name: 'last', output: 'x', at: 0 }), []]);
  });
});

describe('statusOf', () => {
  it.each<[string, KeptCheck[], string | undefined, string]>([
    ['without checks', [], undefined, 'up'],
    ['before a result', [check(TTL)], undefined, 'starting'],
    ['of a failed check', [check(TTL), check(HTTP, failed)], undefined, 'down'],
    ['of a warning', [check(TTL, { status: 'warning', at: 1 })], undefined, 'up'],
    ['in maintenance', [check(TTL, failed)], '', 'out-of-service'],
  ])('%s', (_what, checks, maintenance, expected) => {
    expect(statusOf({ checks, maintenance })).toBe(expected);
  });
});

describe('registrationOf', () => {
  const register = (body: object, address?: string) =>
    InstanceDefinition.parse(
      registrationOf(
        readServiceRegistration({ Name: 'web', ...body }),
        { checks: [], maintenance: undefined },
        { node: 'N 1', address, runner: undefined },
      ),
    );

  it('gives the core what it accepts, and keeps the rest', () => {
    const Tags = ['ok', 'ok', 'x'.repeat(300), 'a b'];
    const definition = register({ Address: '10.0.0.1', Port: 80, Tags, Weights: { Passing: 65_535, Warning: 3 } });
    expect(definition).toMatchObject({ address: '10.0.0.1', port: 80, lease: null, ephemeral: false });
    expect(definition.tags).toContain('ok');
    expect(definition.tags).not.toContain(Tags[2]);
    expect(definition.extensions.consul).toMatchObject({
      id: 'web',
      node: 'N 1',
      tags: Tags,
      weights: { passing: 65_535, warning: 3 },
    });
  });

  it('has a URL instead of a port, also for IPv6, and the address of its node', () => {
    expect(register({ Address: '::1' }).url).toBe('tcp://[::1]');
    const definition = register({}, '10.0.0.2');
    expect([definition.url, definition.address]).toEqual(['tcp://10.0.0.2', '10.0.0.2']);
    expect(definition.extensions.consul).toMatchObject({ address: '' });
    expect(() => register({})).toThrow('set Address');
    expect(() => register({ Address: 'a b' })).toThrow('Invalid service address: "a b" is no host or IP');
  });
});
