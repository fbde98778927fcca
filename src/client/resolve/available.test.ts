import { describe, expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import type { Instance } from '../wire/instance';
import { availableOf, type InstanceFilter } from './available';

const unhealthy: Partial<Instance> = { healthy: false, available: false };

function idsOf(instances: Instance[], filter: InstanceFilter = {}, threshold = 0) {
  const { instances: chosen, isProtected } = availableOf(instances, filter, threshold);
  return { ids: chosen.map(({ id }) => id), isProtected };
}

describe('availableOf', () => {
  it('[B1] returns the instances that the registry marks as available', () => {
    const all = [clientInstance('a'), clientInstance('b', { available: false, enabled: false }), clientInstance('c')];
    expect(idsOf(all)).toEqual({ ids: ['a', 'c'], isProtected: false });
  });

  // The same cases as of the registry's own `resolve`.
  it.each([
    [0, ['a'], false],
    [0.25, ['a'], false],
    [0.26, ['a', 'b', 'c', 'd'], true],
    [1, ['a', 'b', 'c', 'd'], true],
  ])('[B1] with a threshold of %d and one of four healthy gives %j', (threshold, ids, isProtected) => {
    const all = [clientInstance('a'), ...['b', 'c', 'd'].map((id) => clientInstance(id, unhealthy))];
    expect(idsOf(all, {}, threshold)).toEqual({ ids, isProtected });
  });

  it.each<Partial<Instance>>([
    { enabled: false },
    { quarantined: true },
    { status: 'draining' },
    { status: 'down' },
    { weight: 0 },
  ])('[B1] ignores health under protection, but still excludes %j', (more) => {
    const all = [clientInstance('a', unhealthy), clientInstance('b', { ...unhealthy, ...more })];
    expect(idsOf(all, {}, 1)).toEqual({ ids: ['a'], isProtected: true });
  });

  it('[B1] is not protected without instances', () => {
    expect(idsOf([], {}, 1)).toEqual({ ids: [], isProtected: false });
  });

  it.each<[InstanceFilter, string[]]>([
    [{}, ['a', 'b', 'c']],
    [{ cluster: 'blue' }, ['a', 'b']],
    [{ tag: 'canary' }, ['b']],
    [{ version: '2' }, ['c']],
    [{ metadata: { tier: 'gold' } }, ['a', 'c']],
    [{ metadata: { tier: 'gold' }, cluster: 'blue' }, ['a']],
    [{ metadata: { tier: 'gold', rack: '1' } }, []],
  ])('[B1] with %j returns %j', (filter, ids) => {
    const all = [
      clientInstance('a', { cluster: 'blue', metadata: { tier: 'gold' } }),
      clientInstance('b', { cluster: 'blue', tags: ['x', 'canary'] }),
      clientInstance('c', { version: '2', metadata: { tier: 'gold', rack: '2' } }),
    ];
    expect(idsOf(all, filter).ids).toEqual(ids);
  });

  it('[B1] computes the healthy share after the filter', () => {
    const all = [clientInstance('a', { cluster: 'blue', ...unhealthy }), clientInstance('b'), clientInstance('c')];
    expect(idsOf(all, {}, 0.5)).toEqual({ ids: ['b', 'c'], isProtected: false });
    expect(idsOf(all, { cluster: 'blue' }, 0.5)).toEqual({ ids: ['a'], isProtected: true });
  });
});
