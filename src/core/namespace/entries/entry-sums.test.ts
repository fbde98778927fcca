import { expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { ALL } from '../../../../test/fixtures/entry-calls';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SeededRandom } from '../../../../test/simulation/seeded-random';
import { RegistryError } from '../../../model/errors';
import { type EntryHolding, holderOf } from './entry-sums';

/** Counts what each token holds, from the entries. */
function counted({ state }: NodeNamespace): Record<string, EntryHolding> {
  const sums: Record<string, EntryHolding> = {};
  for (const entry of state.entries.within({ from: '' })) {
    const token = holderOf(entry);
    sums[token] ??= { token, count: 0, keyBytes: 0, bytes: 0 };
    sums[token].count += 1;
    sums[token].keyBytes += entry.key.length;
    sums[token].bytes += entry.key.length + entry.size;
  }
  return sums;
}

const held = ({ state }: NodeNamespace) =>
  Object.fromEntries([...state.entries.sums.holdings()].map((holding) => [holding.token, holding]));

it.each([1, 2, 3])(
  '[N27] what tokens hold matches the entries through every operation, and after a wake (seed %i)',
  async (seed) => {
    const namespace = new NodeNamespace();
    const random = new SeededRandom(seed);
    const granted: string[] = [];
    const put = (key: string) => ({ op: 'put', key, value: 'x'.repeat(random.whole(0, 9)), precondition: {} }) as const;
    for (let count = 0; count < 200; count++) {
      const { api } = namespace;
      const by = random.pick([OWNER, STRANGER, OPERATOR]);
      const key = random.pick(['a', 'b', 'cc', 'ddd']);
      const acts = {
        put: () => api.putEntry(by, put(key)),
        delete: () => api.deleteEntry(by, { key, precondition: {} }),
        hold: async () => {
          const { id } = await new LeaseCalls(api, OWNER).grant({ ttlMs: null });
          granted.push(id);
          await api.putEntry(OWNER, { ...put(key), ...(random.chance(0.5) ? { lease: id } : { acquire: id }) });
        },
        revoke: async () => void (granted.length > 0 && (await new LeaseCalls(api).revoke(granted.pop() ?? ''))),
        rollback: () => api.rollBackEntries(OPERATOR, { interval: ALL, to: new Date(1_893_456_000_000).toISOString() }),
        restart: () => namespace.restart(),
      };
      const weights = { put: 8, delete: 3, hold: 3, revoke: 2, rollback: 1, restart: 1 };
      await acts[random.weighted(weights)]().catch((error: unknown) => {
        if (!(error instanceof RegistryError)) throw error;
      });
      expect(held(namespace), `step ${count}`).toEqual(counted(namespace));
    }
  },
);
