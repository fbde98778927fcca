import { afterEach, describe, expect, it, vi } from 'vitest';
import { RollcallError } from '../../client/wire/rollcall-error';
import { Keeper } from './keeper';

afterEach(() => {
  vi.useRealTimers();
});

/** A registry that grants leases, and loses them when the test says so. */
function registry() {
  const calls: string[] = [];
  let granted = 0;
  let failure: Error | undefined;
  const answer = async <T>(call: string, value: T): Promise<T> => {
    calls.push(call);
    if (failure !== undefined) throw failure;
    return value;
  };
  const lease = () => ({ id: `lease ${granted}` }) as never; // `as`: the keeper reads only the id
  return {
    calls,
    fail: (error: Error | undefined) => {
      failure = error;
    },
    grantLease: () => {
      granted += 1;
      return answer('grant', lease());
    },
    renewGrantedLease: ({ lease: id }: { lease: string }) => answer(`renew ${id}`, lease()),
    revokeGrantedLease: ({ lease: id }: { lease: string }) => answer(`revoke ${id}`, undefined),
  };
}

describe('the lease of a gateway', () => {
  it('is renewed three times a time to live, and revoked at the end', async () => {
    vi.useFakeTimers();
    const home = registry();
    const keeper = new Keeper(home);
    await keeper.start();
    await vi.advanceTimersByTimeAsync(30_000);
    await keeper.close();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(home.calls).toEqual(['grant', 'renew lease 1', 'renew lease 1', 'renew lease 1', 'revoke lease 1']);
  });

  it('is granted again after it has ended, but not while the registry is only away', async () => {
    vi.useFakeTimers();
    const home = registry();
    const keeper = new Keeper(home);
    await keeper.start();
    home.fail(new Error('away'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(keeper.lease).toBe('lease 1');
    home.fail(new RollcallError('LEASE_NOT_FOUND', 'it has ended'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(keeper.lease).toBeUndefined();
    home.fail(undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(keeper.lease).toBe('lease 2');
    home.fail(new Error('away'));
    await keeper.close();
  });
});
