import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { definition, key } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import type { Operation } from '../../../model/batch';
import {
  GRANTED_LEASES_MAX_COUNT,
  LEASE_DATA_MAX_BYTES,
  LEASE_DATA_PER_NAMESPACE_MAX_BYTES,
  LEASE_INSTANCES_MAX_COUNT,
} from '../../../model/limits';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';

/** Adds leases without a call for each. */
function fill({ state }: NodeNamespace, tokenId: string, count: number, data?: string): void {
  const known = state.granted.size;
  for (let id = known + 1; id <= known + count; id++) {
    const held = { keys: new Set<string>(), instances: new Set<never>(), locks: new Set<string>(), lockDelayMs: 0 };
    const granted = { id, alias: undefined, door: 'native' as const, tokenId, ttlMs: null, grantedAt: 0, slot: -1 };
    state.granted.add({ ...granted, ...held, data });
  }
}

describe('grantLease', () => {
  it('[N26] leaves a quarter of a namespace to other tokens, and half if the grants of the token name services', async () => {
    const namespace = new NodeNamespace();
    const { api } = namespace;
    const half = { ...STRANGER, share: 'half' as const };
    for (const [caller, share] of [
      [OWNER, 0.75],
      [half, 0.5],
    ] as const) {
      const leases = new LeaseCalls(api, caller);
      const { id } = await leases.grant({ ttlMs: null });
      fill(namespace, caller.tokenId, share * GRANTED_LEASES_MAX_COUNT - 1);
      await expect(leases.grant()).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('use several tokens'),
      });
      await leases.revoke(id);
      await leases.grant();
      await expect(leases.grant()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      for (const lease of [...namespace.state.granted.all()]) namespace.state.granted.remove(lease);
      await leases.grant();
    }
  });

  it('[N26] bounds the data of all leases', async () => {
    const namespace = new NodeNamespace();
    const leases = new LeaseCalls(namespace.api);
    const data = 'x'.repeat(LEASE_DATA_MAX_BYTES);
    const most = LEASE_DATA_PER_NAMESPACE_MAX_BYTES / LEASE_DATA_MAX_BYTES;
    fill(namespace, 'other', most - 1, data);
    const { id } = await leases.grant({ data });
    await leases.grant();
    await expect(leases.grant({ data: 'x' })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await leases.revoke(id);
    await leases.grant({ data });
  });

  it('[N26] gives operators all of a namespace, up to its maximum', async () => {
    const namespace = new NodeNamespace();
    const leases = new LeaseCalls(namespace.api, OPERATOR);
    fill(namespace, OPERATOR.tokenId, GRANTED_LEASES_MAX_COUNT - 1);
    await leases.grant();
    await expect(leases.grant()).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('the maximum'),
    });
  });
});

describe('the instances of a granted lease', () => {
  it('[N26, GL3] are at most as many as end in one turn, however they come to it', async () => {
    const namespace = new NodeNamespace();
    const { api, state } = namespace;
    const leases = new LeaseCalls(api);
    const [full, other] = [await leases.grant(), await leases.grant()];
    const draft = new Draft(state, state.time.now());
    for (let n = 0; n < LEASE_INSTANCES_MAX_COUNT - 1; n++) {
      const record = instanceRecord({ lease: { id: full.id, ttlMs: 30_000 } });
      draft.putInstance({ ...key(`i${n}`), service: `s${n >> 12}` }, record, 'registered', true);
    }
    commit(state, draft, OWNER.tokenId);
    const register = (id: string, lease: string): Operation => {
      return { op: 'register', key: key(id), definition: definition({ lease: { id: lease } }), precondition: {} };
    };
    const refused = { code: 'LIMIT_EXCEEDED', message: expect.stringContaining(`the lease ${full.id} holds 10000 `) };
    await expect(api.batch(OWNER, [register('a', full.id), register('b', full.id)])).rejects.toMatchObject(refused);
    // The same one twice, and once more.
    await api.batch(OWNER, [register('a', full.id), register('a', full.id)]);
    await api.batch(OWNER, [register('a', full.id), register('b', other.id)]);
    await expect(api.batch(OWNER, [register('b', full.id)])).rejects.toMatchObject(refused);
    await api.deregister(OWNER, { key: key('a'), precondition: {} });
    await api.batch(OWNER, [register('b', full.id)]);
    await leases.revoke(full.id);
    expect(state.catalog.instanceCount).toBe(0);
  });
});

it('[GL2, L5] many leases that are due at once end with their rows', async () => {
  const namespace = new NodeNamespace();
  const { api, state, platform } = namespace;
  const leases = new LeaseCalls(api);
  const kept = await leases.grant({ ttlMs: 300_000 });
  await leases.put('kept', '', kept.id);
  const granted = await Promise.all(Array.from({ length: 250 }, () => leases.grant()));
  await Promise.all(granted.map(({ id }) => leases.put(id, '', id)));
  const { revision } = state.journal;
  await namespace.pass(60_000);
  expect(state.journal.revision).toBe(revision + 1);
  expect(platform.storage.rows('SELECT id FROM lease')).toEqual([[Number(kept.id)]]);
  expect(state.entries.count).toBe(1);
});
