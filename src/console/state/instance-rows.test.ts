import { expect, it } from 'vitest';
import type { Instance } from '../../client/wire/instance';
import { countsOf, isFound, worstInstanceFirst } from './instance-rows';

const instance = (id: string, rest: Partial<Instance> = {}): Instance =>
  ({ id, cluster: 'DEFAULT', tags: [], healthy: true, available: true, status: 'up', ...rest }) as Instance; // `as`: the functions read no other member

it('lists the gravest state first, then by the number in the id', () => {
  const all = [
    instance('a-10'),
    instance('a-2'),
    instance('b', { status: 'draining', quarantined: true, available: false }),
    instance('c', { healthy: false, available: false }),
    instance('d', { quarantined: true, available: false }),
  ];
  expect(all.sort(worstInstanceFirst).map(({ id }) => id)).toEqual(['b', 'd', 'c', 'a-2', 'a-10']);
});

it('counts as the registry does', () => {
  const all = [
    instance('a'),
    instance('b', { healthy: false, available: false }),
    instance('c', { quarantined: true, available: false }),
  ];
  expect(countsOf(all)).toMatchObject({
    instances: 3,
    healthy: 2,
    available: 1,
    states: { up: 1, unhealthy: 1, quarantined: 1, out: 0 },
  });
});

it('finds by what a row shows', () => {
  const one = instance('orders-1', {
    address: '10.0.0.7',
    port: 80,
    version: '4.1',
    location: { zone: 'eu-B' },
    tags: ['x'],
  });
  for (const find of ['orders', '0.7:8', '4.1', 'eu-b', 'default', 'x']) expect(isFound(one, find), find).toBe(true);
  expect(isFound(one, 'eu-c')).toBe(false);
});
