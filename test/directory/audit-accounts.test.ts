import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/model/audit';
import { RegistryError } from '../../src/model/errors';
import { BY_ROOT } from '../contracts/directory/test-directory';
import { NodeDirectory } from '../fixtures/node-directory';
import { SeededRandom } from '../simulation/seeded-random';

const NAMESPACES = ['a', 'b', 'c'] as const;
const STEPS = 250;

/**
 * Returns what exists according to the directory's lists: namespaces with the time of their last change, tokens with their
 * rotation.
 */
async function shown({ api }: NodeDirectory): Promise<Record<string, string>> {
  const { namespaces } = await api.listNamespaces(BY_ROOT, {});
  const { tokens } = await api.listTokens(BY_ROOT, {});
  const there = [
    ...namespaces.filter(({ id }) => id !== 'public').map(({ id, updatedAt = '' }) => [`namespace ${id}`, updatedAt]),
    ...tokens.map(({ id, createdAt, rotatedAt }) => [`token ${id}`, rotatedAt ?? createdAt]),
  ];
  return Object.fromEntries(there);
}

/** Returns what must exist according to the audit trail alone. */
function accounted(oldestFirst: readonly AuditEntry[]): Record<string, string> {
  const there = new Map<string, string>();
  for (const { action, ns, target, at, outcome } of oldestFirst) {
    // A namespace can't be found once its deletion has begun, or until its creation is done.
    if (outcome === 'refused' || (outcome === 'begun' && action !== 'namespace-deleted')) continue;
    const [subject, change] = action.split('-');
    const name = subject === 'token' ? `token ${target}` : `namespace ${ns}`;
    if (change === 'deleted' || change === 'revoked') there.delete(name);
    else there.set(name, at);
  }
  return Object.fromEntries(there);
}

/** Makes one call, or lets something happen. */
async function step(directory: NodeDirectory, random: SeededRandom): Promise<void> {
  const { api, controls } = directory;
  const id = random.pick([...NAMESPACES]);
  const title = random.pick(['x', 'y', 'z']);
  const tokens = (await api.listTokens(BY_ROOT, {})).tokens;
  const token = tokens[random.whole(0, Math.max(0, tokens.length - 1))]?.id ?? 'unknown';
  const acts = {
    create: () => api.createNamespace(BY_ROOT, { id, title }),
    patch: () => api.patchNamespace(BY_ROOT, id, { title, limits: { sockets: random.whole(1, 3) } }),
    remove: () => api.removeNamespace(BY_ROOT, id, random.chance(0.5)),
    issue: () => api.createToken(BY_ROOT, { name: 't', grants: [{ scope: 'read', ns: id }], pathWrite: false }),
    rotate: () => api.rotateToken(BY_ROOT, token, { overlapMs: random.pick([0, 5_000]) }),
    revoke: () => api.revokeToken(BY_ROOT, token),
    lose: async () => void controls.lost.add(id),
    find: async () => void controls.lost.delete(id),
    fill: async () => void controls.sizes.set(id, { instances: 1, services: 0 }),
    restart: () => directory.restart(),
    wait: () => directory.pass(random.whole(1, 30_000)),
  };
  const weights = {
    create: 6,
    patch: 4,
    remove: 4,
    issue: 4,
    rotate: 3,
    revoke: 3,
    lose: 2,
    find: 3,
    fill: 1,
    restart: 1,
    wait: 4,
  };
  try {
    await acts[random.weighted(weights)]();
  } catch (error) {
    // Refusals and unreachable objects are part of the run.
    if (!(error instanceof RegistryError)) throw error;
  }
}

describe('a random run', () => {
  it.each([1, 2, 3, 4])('[A27] matches the audit trail step by step (seed %i)', async (seed) => {
    const directory = new NodeDirectory();
    const random = new SeededRandom(seed);
    for (let count = 0; count < STEPS; count++) {
      await step(directory, random);
      const { entries } = await directory.api.readAudit(BY_ROOT, {});
      expect(accounted(entries.reverse()), `after step ${count}`).toEqual(await shown(directory));
      directory.platform.jump(1_000);
    }
    directory.controls.lost.clear();
    await directory.pass(60_000);
    const { entries } = await directory.api.readAudit(BY_ROOT, {});
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter(({ outcome }) => outcome === 'begun')).toEqual([]);
  });
});
