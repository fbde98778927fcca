import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { GRANTED_LEASES_MAX_COUNT } from '../../../model/limits';

/** Adds leases without a call for each. */
function fill({ state }: NodeNamespace, tokenId: string, count: number): void {
  const known = state.granted.size;
  for (let id = known + 1; id <= known + count; id++) {
    const held = { keys: new Set<string>(), instances: new Set<never>(), locks: new Set<string>(), lockDelayMs: 0 };
    state.granted.add({ id, alias: undefined, door: 'native', tokenId, ttlMs: null, grantedAt: 0, slot: -1, ...held });
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
