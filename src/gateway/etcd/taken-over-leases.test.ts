import { expect, it } from 'vitest';
import { settle } from '../../../test/simulation/virtual-time';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { deferred } from '../../model/deferred';
import { RegistryError } from '../../model/errors';
import type { LeaseRenewalReport } from '../../model/granted-lease';
import { ATTENTION_PASS_MS } from '../../model/limits';
import { KEEPER_TTL_MS, KeptLeases, type LeaseRegistry } from './kept-leases';

const TTL_MS = 3_000;

/** A registry that renews everything. */
const REGISTRY: LeaseRegistry = {
  grantKeeper: async () => 'keeper',
  renewKeeper: async () => true,
  revokeKeeper: async () => {},
  renewLeases: async () => ({ renewed: [], unknown: [] }),
  revokeLease: async () => {},
};

it('[KL8] a lease whose first renewal took its whole time to live has that again from its answer on', async () => {
  let now = 0;
  const renewal = deferred<LeaseRenewalReport>();
  const revoked: string[] = [];
  const leases = new KeptLeases(
    {
      ...REGISTRY,
      renewLeases: () => renewal.promise,
      revokeLease: async (_keeper, lease) => void revoked.push(lease),
    },
    { monotonic: () => now, wall: () => now },
  );
  const pass = async (ms: number): Promise<void> => {
    for (const end = now + ms; now < end; now += ATTENTION_PASS_MS) {
      leases.tick();
      await settle();
    }
  };
  await leases.start();
  const answer = leases.heard('7', 'owner');
  await pass(TTL_MS);
  renewal.resolve({ renewed: [{ lease: '7', remainingMs: 0, kept: true }], unknown: [] });
  expect(await answer).toEqual({ remainingMs: 0 });
  await pass(TTL_MS - ATTENTION_PASS_MS);
  expect([revoked, leases.size]).toEqual([[], 1]);
  await pass(1_500);
  expect(revoked).toEqual(['7']);
});

it('[KL9] leases of an owner without credentials are taken over, and those that its clients ask for are refused', async () => {
  let now = 0;
  let keepers = 0;
  const renewed: string[] = [];
  const leases = new KeptLeases(
    {
      ...REGISTRY,
      grantKeeper: async () => `keeper ${++keepers}`,
      renewKeeper: async () => false,
      renewLeases: async (_owner, keeper, renewals, isAsked) => {
        if (isAsked) throw ETCD_ERRORS.invalidToken();
        renewed.push(...renewals.map(({ lease }) => `${lease} by ${keeper}`));
        return { renewed: renewals.map(({ lease }) => ({ lease, remainingMs: TTL_MS, kept: true })), unknown: [] };
      },
    },
    { monotonic: () => now, wall: () => now },
  );
  await leases.start();
  for (const lease of ['7', '8']) leases.granted(lease, 'owner', KEEPER_TTL_MS);
  now += KEEPER_TTL_MS / 3;
  await expect(leases.heard('7', 'owner')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  // The first call was just now, so that what is taken over and the next keepalive share one.
  leases.tick();
  await settle();
  const answer = leases.heard('7', 'owner');
  answer.catch(() => {});
  now += ATTENTION_PASS_MS;
  leases.tick();
  await settle();
  await expect(answer).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(renewed).toEqual(['8 by keeper 2']);
});

it('[KL10] a gateway keeps its lease if it is granted no other in place of it', async () => {
  let now = 0;
  const grants: number[] = [];
  const leases = new KeptLeases(
    {
      ...REGISTRY,
      grantKeeper: async () => {
        if (grants.push(now) > 1) throw new RegistryError('LIMIT_EXCEEDED', 'there are too many leases');
        return 'keeper';
      },
      renewLeases: async () => ({ renewed: [{ lease: '7', remainingMs: TTL_MS, kept: true }], unknown: [] }),
    },
    { monotonic: () => now, wall: () => now },
  );
  await leases.start();
  leases.outcomeUnknown('keeper');
  let refusals = 0;
  for (; now < KEEPER_TTL_MS; now += ATTENTION_PASS_MS) {
    leases.tick();
    leases.heard('7', 'owner').catch(() => {
      refusals += 1;
    });
    await settle();
  }
  expect(refusals).toBe(0);
  expect(leases.keeper).toBe('keeper');
  expect(grants.length).toBeGreaterThan(2);
});
