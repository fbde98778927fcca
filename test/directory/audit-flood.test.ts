import { describe, expect, it } from 'vitest';
import { Registry } from '../../src/core/namespace/core';
import type { Audit, AuditEntry } from '../../src/model/audit';
import type { DirectoryCaller } from '../../src/model/directory-api';
import { AUDIT_PER_NAMESPACE_MAX_COUNT } from '../../src/model/limits';
import type { Caller } from '../../src/model/namespace-api';
import { BY_ROOT } from '../contracts/directory/test-directory';
import { definition, key } from '../fixtures/definition';
import { HandPlatform } from '../fixtures/hand-platform';
import { NodeDirectory } from '../fixtures/node-directory';
import { settle } from '../simulation/virtual-time';

const FLOODER: Caller = { tokenId: 'flooder', operates: ['DEFAULT_GROUP@@orders'] };

/** Creates a namespace that reports to a directory's audit trail, as the host connects them. */
function namespaceOf({ api }: NodeDirectory, ns: string): Registry {
  const audit: Audit = {
    begin: (note) => api.beginAudit({ ...note, ns }),
    end: (id, end) => void api.endAudit(id, end),
  };
  return Registry.wake({ ...new HandPlatform(), audit });
}

/** Makes actions of several callers before the flood: in the flooded namespace, in another, and on the directory. */
async function begin() {
  const directory = new NodeDirectory();
  const { api, platform } = directory;
  const [shop, bank] = [namespaceOf(directory, 'shop'), namespaceOf(directory, 'bank')];
  await api.createNamespace(BY_ROOT, { id: 'shop' });
  const adminOfShop: DirectoryCaller = { principal: { tokenId: 'admin', grants: [{ scope: 'admin', ns: 'shop' }] } };
  await api.createToken(adminOfShop, { name: 't', grants: [{ scope: 'read', ns: 'shop' }], pathWrite: false });
  for (const registry of [shop, bank]) {
    for (const tokenId of ['root', 'colleague']) {
      const named = { key: key(tokenId), precondition: {} };
      await registry.register({ tokenId: 'owner' }, { ...named, definition: definition() });
      await registry.putOverride({ tokenId, operates: true }, { ...named, override: { weight: 2 } });
    }
  }
  await shop.register({ tokenId: 'owner' }, { key: key('a'), definition: definition(), precondition: {} });
  await settle();
  const count = () => Number(platform.storage.rows('SELECT COUNT(*) FROM audit')[0]?.[0]);
  const others = async () => {
    const entries: AuditEntry[] = [];
    let after: string | undefined;
    do {
      const page = await api.readAudit(BY_ROOT, { after });
      entries.push(...page.entries.filter(({ actor }) => actor !== FLOODER.tokenId));
      after = page.next;
    } while (after !== undefined);
    return entries;
  };
  return { directory, api, shop, adminOfShop, count, others };
}

describe('a flood of the audit trail', () => {
  it('[A57] by one token does not evict the entries of others when its namespace is full', async () => {
    const { directory, shop, count, others } = await begin();
    const before = await others();
    expect(before.map(({ actor }) => actor).sort()).toEqual([
      'admin',
      'colleague',
      'colleague',
      'root',
      'root',
      'root',
    ]);
    // Entries of the flood so far: as many as the trail keeps of a namespace.
    directory.platform.storage.run(
      `WITH RECURSIVE number(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
        INSERT INTO audit (id, at, action, actor, ns, outcome) SELECT n, ?, 'changed', 'flooder', 'shop', 'done' FROM number`,
      AUDIT_PER_NAMESPACE_MAX_COUNT + 99,
      directory.platform.clock.now(),
    );
    for (let weight = 1; weight <= 100; weight++) {
      await shop.patch(FLOODER, { key: key('a'), patch: { weight }, precondition: {} });
    }
    await settle();
    expect(await others()).toEqual(before);
    // In full: the flood, the actions of a colleague and the admin there, and those of root and in another namespace.
    expect(count()).toBeLessThanOrEqual(AUDIT_PER_NAMESPACE_MAX_COUNT + 10);
  });

  it('[A56] by requests that change nothing or are refused leaves no entry', async () => {
    const { shop, count } = await begin();
    const before = count();
    for (let repeat = 0; repeat < 50; repeat++) {
      await shop.patch(FLOODER, { key: key('a'), patch: { weight: 1 }, precondition: {} });
      await shop.clearOverride(FLOODER, { key: key('a'), precondition: {} });
      const missing = shop.putOverride(FLOODER, { key: key('gone'), override: { weight: 3 }, precondition: {} });
      await expect(missing).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    }
    await settle();
    expect(count()).toBe(before);
  });

  it('[A57] by tokens that are created and revoked counts against the namespace of their admin', async () => {
    const { directory, api, adminOfShop } = await begin();
    const grants = ['shop', 'stall'].map((ns) => ({ scope: 'read' as const, ns }));
    const both = {
      principal: { ...adminOfShop.principal, grants: grants.map(({ ns }) => ({ scope: 'admin' as const, ns })) },
    };
    for (let repeat = 0; repeat < 20; repeat++) {
      const { id } = await api.createToken(both, { name: 't', grants, pathWrite: false });
      await api.revokeToken(both, id);
    }
    const accounts = directory.platform.storage.rows('SELECT account, actor, entries FROM audit_actor ORDER BY 1, 2');
    expect(accounts).toEqual([
      ['', 'root', 3],
      ['bank', 'colleague', 1],
      ['shop', 'admin', 41],
      ['shop', 'colleague', 1],
    ]);
  });
});
