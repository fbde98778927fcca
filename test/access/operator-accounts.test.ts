import { describe, expect, it } from 'vitest';
import { Registry } from '../../src/core/namespace/core';
import type { Audit, AuditEntry } from '../../src/model/audit';
import { RegistryError } from '../../src/model/errors';
import type { HistoryChange } from '../../src/model/history';
import { readJsonText } from '../../src/model/json';
import type { Caller } from '../../src/model/namespace-api';
import { BY_ROOT } from '../contracts/directory/test-directory';
import { definition, key, ORDERS } from '../fixtures/definition';
import { HandPlatform } from '../fixtures/hand-platform';
import { NodeDirectory } from '../fixtures/node-directory';
import { SeededRandom } from '../simulation/seeded-random';
import { settle } from '../simulation/virtual-time';

const STEPS = 250;
const OPERATORS: [Caller, Caller] = [
  { tokenId: 'one', operates: true },
  { tokenId: 'two', operates: true },
];

/** Creates a namespace that reports to a directory's audit trail, as the host connects them. */
function namespaceOf({ api }: NodeDirectory): Registry {
  const audit: Audit = {
    begin: (note) => api.beginAudit({ ...note, ns: 'shop' }),
    end: (id, outcome) => void api.endAudit(id, outcome),
  };
  return Registry.wake({ ...new HandPlatform(), audit });
}

/** Makes one change to the instances of a service, some of which belong to the caller. */
async function step(registry: Registry, by: Caller, random: SeededRandom): Promise<void> {
  const named = { key: key(random.pick(['a', 'b', 'c'])), precondition: {} };
  const weight = random.whole(0, 3);
  const override = random.chance(0.5) ? { weight } : { quarantine: { reason: 'slow' } };
  const protectThreshold = random.fraction();
  const acts = {
    register: () => registry.register(by, { ...named, definition: definition({ weight }) }),
    patch: () => registry.patch(by, { ...named, patch: { weight } }),
    deregister: () => registry.deregister(by, named),
    drain: () => registry.drain(by, { key: named.key, waitMs: 0, graceMs: 0 }),
    override: () => registry.putOverride(by, { ...named, override }),
    clear: () => registry.clearOverride(by, named),
    batch: () =>
      registry.batch(by, [
        { op: 'update', ...named, patch: { weight } },
        { op: 'override', ...named, override },
      ]),
    service: () =>
      registry.putService(by, { ...ORDERS, precondition: {}, definition: { metadata: {}, protectThreshold } }),
    remove: () => registry.removeService(by, { ...ORDERS, precondition: {}, force: true }),
  };
  const weights = {
    register: 9,
    patch: 4,
    deregister: 2,
    drain: 2,
    override: 4,
    clear: 3,
    batch: 3,
    service: 1,
    remove: 1,
  };
  try {
    await acts[random.weighted(weights)]();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
  await settle();
}

/**
 * Reports whether only an operator may have made this change: to anything but an instance, or to another caller's
 * instance.
 */
function tookPower(change: HistoryChange, actor: string): boolean {
  if (change.kind !== 'instance') return true;
  return change.before !== null && change.before.owner !== actor;
}

describe('a random run of operators', () => {
  it.each([1, 2, 3])('[A46] matches the audit trail step by step (seed %i)', async (seed) => {
    const directory = new NodeDirectory();
    const registry = namespaceOf(directory);
    const random = new SeededRandom(seed);
    const trail = async () => (await directory.api.readAudit(BY_ROOT, { ns: 'shop' })).entries;
    const found: AuditEntry[] = [];
    for (let count = 0; count < STEPS; count++) {
      const { cursor } = await registry.stats();
      const by = random.pick(OPERATORS);
      await step(registry, by, random);
      const { entries } = readJsonText((await registry.history({ since: cursor })).body);
      const powerful = entries
        .filter(({ actor }) => actor === by.tokenId)
        .flatMap(({ changes }) => changes)
        .filter((change) => tookPower(change, by.tokenId));
      const added = (await trail()).slice(0, (await trail()).length - found.length);
      expect(added.filter(({ outcome }) => outcome === 'begun')).toEqual([]);
      if (powerful.length > 0) expect(added, `step ${count}`).toMatchObject([{ actor: by.tokenId, outcome: 'done' }]);
      found.push(...added);
    }
    const actions = new Set(found.map(({ action }) => action));
    expect([...actions].sort()).toEqual([
      'changed',
      'deregistered',
      'drained',
      'overridden',
      'override-cleared',
      'quarantined',
      'service-changed',
      'service-deleted',
    ]);
  });
});
