import { expect, it } from 'vitest';
import { deferred } from '../../model/deferred';
import { ATTENTION_PASS_MS } from '../../model/limits';
import { KeptLeases } from './kept-leases';

const TTL_MS = 3_000;

it('[KL8] a keepalive during the revocation of its lease is answered with what that comes to', async () => {
  let now = 0;
  const revoked = deferred<void>();
  const calls: string[] = [];
  const leases = new KeptLeases(
    {
      grantKeeper: async () => 'keeper',
      renewKeeper: async () => true,
      revokeKeeper: async () => {},
      renewLeases: async () => {
        calls.push('renew');
        return { renewed: [], unknown: ['7'] };
      },
      revokeLease: () => {
        calls.push('revoke');
        return revoked.promise;
      },
    },
    { monotonic: () => now, wall: () => now },
  );
  await leases.start();
  leases.granted('7', 'owner', TTL_MS);
  for (; calls.length === 0 && now < 3 * TTL_MS; now += ATTENTION_PASS_MS) leases.tick();
  expect(calls).toEqual(['revoke']);
  const answer = leases.heard('7', 'owner');
  for (let pass = 0; pass < 4; pass++, now += ATTENTION_PASS_MS) leases.tick();
  expect(calls).toEqual(['revoke']);
  revoked.resolve();
  expect(await answer).toBeUndefined();
  expect(calls).toEqual(['revoke', 'renew']);
});
