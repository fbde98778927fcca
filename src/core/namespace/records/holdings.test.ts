import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../../test/fixtures/definition';
import { applyStaged, stageLines } from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SeededRandom } from '../../../../test/simulation/seeded-random';
import { RegistryError } from '../../../model/errors';
import type { Caller } from '../../../model/namespace-api';
import type { NamespaceState } from '../state';
import { Holdings } from './holdings';

/** The same sums, counted anew from all records. */
function counted({ catalog }: NamespaceState): Record<string, { instances: number; services: number; bytes: number }> {
  const sums: Record<string, { instances: number; services: number; bytes: number }> = {};
  const add = (token: string, instances: number, services: number, bytes: number) => {
    sums[token] ??= { instances: 0, services: 0, bytes: 0 };
    const sum = sums[token];
    sum.instances += instances;
    sum.services += services;
    sum.bytes += bytes;
  };
  for (const service of catalog.services()) {
    if (service.exists) add(service.founder?.token ?? '', 0, 1, 0);
    if (service.own !== undefined) add(service.own.record.actor ?? '', 0, 0, service.own.text.length);
    for (const { text, record } of service.overrides.values()) add(record.actor, 0, 0, text.length);
    for (const { text } of service.instances.values()) add(JSON.parse(text).owner, 1, 0, text.length);
  }
  return sums;
}

const held = ({ catalog }: NamespaceState) =>
  Object.fromEntries(catalog.holdings.largest(Number.POSITIVE_INFINITY).map(({ token, ...sums }) => [token, sums]));

const CALLERS: [Caller, ...Caller[]] = [OWNER, STRANGER, OPERATOR];

/** One act of a token. */
async function step({ api }: NodeNamespace, random: SeededRandom): Promise<void> {
  const by = random.pick(CALLERS);
  const service = random.pick(['orders', 'users', 'carts']);
  const at = { ...key(random.pick(['a', 'b', 'c'])), service };
  const named = { key: at, precondition: {} };
  const metadata = { note: 'x'.repeat(random.whole(0, 40)) };
  const register = { op: 'register', ...named, definition: definition({ metadata }) } as const;
  const acts = {
    register: () => api.register(by, { ...named, definition: definition({ metadata, lease: { ttlMs: 1_000 } }) }),
    lasting: () => api.register(by, register),
    patch: () => api.patch(by, { ...named, patch: { metadata } }),
    deregister: () => api.deregister(by, named),
    override: () => api.putOverride(by, { ...named, override: { weight: random.whole(0, 9) } }),
    clear: () => api.clearOverride(by, named),
    put: () =>
      api.putService(by, { ...ORDERS, service, precondition: {}, definition: { metadata, protectThreshold: 0 } }),
    remove: () => api.removeService(by, { ...ORDERS, service, precondition: {}, force: true }),
    drain: () => api.drain(by, { key: at, waitMs: 0, graceMs: 1_000 }),
    refused: () =>
      api.batch(by, [register, { op: 'update', key: key('gone'), patch: { weight: 1 }, precondition: {} }]),
    rollback: () => api.rollback(by, { ...ORDERS, service, to: new Date(1_893_456_000_000).toISOString() }),
  };
  const weights = {
    register: 5,
    lasting: 5,
    patch: 4,
    deregister: 2,
    override: 4,
    clear: 2,
    put: 3,
    remove: 1,
    drain: 1,
    refused: 2,
    rollback: 1,
  };
  try {
    await acts[random.weighted(weights)]();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
}

describe('Holdings', () => {
  it('names the largest first, and forgets who holds nothing', () => {
    const holdings = new Holdings();
    holdings.add('small', 1, 1, 10);
    holdings.add('large', 1, 0, 30);
    holdings.add('gone', 1, 0, 20);
    holdings.take(holdings.add('gone', 0, 0, 0), 1, 0, 20);
    expect(holdings.largest(2)).toEqual([
      { token: 'large', instances: 1, services: 0, bytes: 30 },
      { token: 'small', instances: 1, services: 1, bytes: 10 },
    ]);
    expect(holdings.largest(9)).toHaveLength(2);
    expect(holdings.of('gone').bytes).toBe(0);
  });

  it.each([1, 2, 3])(
    '[N27] are what the records say, through all that happens, and after a wake (seed %i)',
    async (seed) => {
      const namespace = new NodeNamespace();
      const random = new SeededRandom(seed);
      for (let count = 0; count < 300; count++) {
        await step(namespace, random);
        if (random.chance(0.1)) namespace.platform.jump(random.whole(1, 40_000));
        expect(held(namespace.state), `step ${count}`).toEqual(counted(namespace.state));
      }
      const before = held(namespace.state);
      await namespace.restart();
      expect(held(namespace.state)).toEqual(counted(namespace.state));
      const withoutServices = (sums: typeof before) =>
        Object.entries(sums)
          .map(([token, { instances, bytes }]) => [token, instances, bytes])
          .sort();
      expect(withoutServices(held(namespace.state))).toEqual(withoutServices(before));
    },
  );

  it('[N27] follow an import that gives an instance to another token', async () => {
    const namespace = new NodeNamespace();
    const { api } = namespace;
    await api.register(OWNER, { key: key('a'), definition: definition(), precondition: {} });
    const line = {
      kind: 'instance',
      group: 'DEFAULT_GROUP',
      service: 'orders',
      id: 'a',
      owner: 'other',
      address: '10.0.0.1',
      port: 1,
    };
    await applyStaged(api, await stageLines(api, [line]), 'merge');
    expect(held(namespace.state)).toEqual(counted(namespace.state));
    expect(namespace.state.catalog.holdings.of('owner').instances).toBe(0);
  });
});
