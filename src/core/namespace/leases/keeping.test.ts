import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import type { Caller, NamespaceApi } from '../../../model/namespace-api';

/** Times to live of a client's lease, and of the lease of its gateway, which renews three times in it. */
const TTL_MS = 10_000;
const KEEPER_TTL_MS = 30_000;
const KEEPER_INTERVAL_MS = 10_000;

/** A second after the end of a time to live, a lease has ended. */
const ENDS_WITHIN_MS = 1_000;

const CLIENT = OWNER;
const GATEWAY: Caller = { tokenId: 'gateway' };

/** A namespace with a gateway that has a lease, and a client. */
async function setUp() {
  const namespace = new NodeNamespace();
  // A restart replaces the registry.
  const api = new Proxy(namespace.api, {
    get: (_, method: keyof NamespaceApi) => namespace.api[method].bind(namespace.api),
  });
  const [client, gateway] = [new LeaseCalls(api, CLIENT), new LeaseCalls(api, GATEWAY)];
  const keeper = (await gateway.grant({ ttlMs: KEEPER_TTL_MS })).id;
  /** Grants a lease that the gateway keeps, and makes it hold an entry. */
  const grantKept = async (command = {}) => {
    const { id } = await client.grant({ ttlMs: TTL_MS, keeper, ...command });
    await client.put(id, '', id);
    return id;
  };
  /** Lets time pass while a gateway renews its lease. */
  const pass = async (ms: number, lease = keeper) => {
    for (let passed = 0; passed < ms; passed += KEEPER_INTERVAL_MS) {
      await gateway.renew(lease);
      await namespace.pass(Math.min(KEEPER_INTERVAL_MS, ms - passed));
    }
  };
  const lives = async (id: string) => (await client.list()).leases.some((lease) => lease.id === id);
  const rowsWrittenBy = async (work: () => Promise<unknown>) => {
    const before = namespace.state.counters.rowsWritten;
    await work();
    return namespace.state.counters.rowsWritten - before;
  };
  return { namespace, client, gateway, keeper, grantKept, pass, lives, rowsWrittenBy };
}

describe('a kept lease', () => {
  it('[KL1] does not end while its keeper lives, however long it is not renewed', async () => {
    const { client, keeper, grantKept, pass, lives } = await setUp();
    const lease = await grantKept();
    expect(await client.read(lease)).toMatchObject({ kept: true, remainingMs: TTL_MS });
    await pass(10 * KEEPER_TTL_MS);
    expect(await lives(lease)).toBe(true);
    expect(await client.read(lease)).toMatchObject({ kept: true, remainingMs: 0 });
    expect(await client.renew(lease, keeper)).toMatchObject({ kept: true, remainingMs: TTL_MS });
  });

  it('[KL1] does not end because its gateway was frozen for less than the time to live of the keeper', async () => {
    const { namespace, gateway, keeper, grantKept, pass, lives } = await setUp();
    const leases = await Promise.all(Array.from({ length: 20 }, () => grantKept()));
    await pass(KEEPER_TTL_MS);
    await namespace.pass(20_000);
    await gateway.renew(keeper);
    for (const lease of leases) expect(await lives(lease)).toBe(true);
    await pass(KEEPER_TTL_MS);
    for (const lease of leases) expect(await lives(lease)).toBe(true);
  });

  it('[KL2] ends one time to live after its keeper, in one revision with its entries', async () => {
    const { namespace, client, keeper, grantKept, pass, lives } = await setUp();
    const lease = await grantKept();
    await pass(KEEPER_TTL_MS);
    // The last renewal of the keeper was ten seconds ago.
    await namespace.pass(KEEPER_TTL_MS - KEEPER_INTERVAL_MS + ENDS_WITHIN_MS);
    expect(namespace.state.granted.get(Number(keeper))).toBeUndefined();
    expect(await client.read(lease)).not.toHaveProperty('kept');
    await namespace.pass(TTL_MS - ENDS_WITHIN_MS);
    expect(await lives(lease)).toBe(true);
    expect(namespace.state.entries.count).toBe(1);
    await namespace.pass(2 * ENDS_WITHIN_MS);
    expect(await lives(lease)).toBe(false);
    expect(namespace.state.entries.count).toBe(0);
  });

  it('[KL2] has its time to live again if its keeper is revoked, without a row for each', async () => {
    const { namespace, client, gateway, keeper, grantKept, pass, lives, rowsWrittenBy } = await setUp();
    const leases = await Promise.all(Array.from({ length: 50 }, () => grantKept()));
    await pass(5 * KEEPER_TTL_MS);
    // The row of the keeper, that of the checkpoint, and the alarm.
    expect(await rowsWrittenBy(() => gateway.revoke(keeper))).toBeLessThanOrEqual(3);
    await namespace.pass(TTL_MS - ENDS_WITHIN_MS);
    const [renewed = '', ...others] = leases;
    await client.renew(renewed);
    await namespace.pass(2 * ENDS_WITHIN_MS);
    expect(await lives(renewed)).toBe(true);
    for (const lease of others) expect(await lives(lease)).toBe(false);
    await namespace.pass(TTL_MS);
    expect(await lives(renewed)).toBe(false);
  });

  it('[KL3] is renewed without a row, and taken over with one', async () => {
    const { namespace, client, gateway, keeper, grantKept, pass, lives, rowsWrittenBy } = await setUp();
    const lease = await grantKept();
    // The first renewal opens the checkpoint.
    await client.renew(lease, keeper);
    expect(await rowsWrittenBy(() => client.renew(lease, keeper))).toBe(0);
    expect(await rowsWrittenBy(() => client.renewAll({ lease, keeper, ageMs: 200 }))).toBe(0);
    const next = (await gateway.grant({ ttlMs: KEEPER_TTL_MS })).id;
    expect(await rowsWrittenBy(() => client.renew(lease, next))).toBe(1);
    expect(await rowsWrittenBy(() => client.renew(lease, next))).toBe(0);
    await gateway.revoke(keeper);
    await pass(3 * TTL_MS, next);
    expect(await lives(lease)).toBe(true);
    await gateway.revoke(next);
    await namespace.pass(TTL_MS + ENDS_WITHIN_MS);
    expect(await lives(lease)).toBe(false);
  });

  it('[KL3] is judged by the registry again after a renewal that names no keeper', async () => {
    const { client, grantKept, pass, lives } = await setUp();
    const lease = await grantKept();
    expect(await client.renew(lease)).not.toHaveProperty('kept');
    await pass(TTL_MS - ENDS_WITHIN_MS);
    expect(await lives(lease)).toBe(true);
    await pass(2 * ENDS_WITHIN_MS);
    expect(await lives(lease)).toBe(false);
  });

  it('[KL3] that moves between two gateways never ends, also if the first one is late', async () => {
    const { namespace, client, gateway, keeper, grantKept, pass, lives } = await setUp();
    const other = (await gateway.grant({ ttlMs: KEEPER_TTL_MS })).id;
    const lease = await grantKept();
    await namespace.pass(5_000);
    await client.renew(lease, other);
    await namespace.pass(3_000);
    // The first gateway passes on what it heard six seconds ago, before the client moved, and declares it dead.
    expect(await client.renewAll({ lease, keeper, ageMs: 6_000 })).toMatchObject({ renewed: [{ kept: true }] });
    await expect(client.revoke(lease, keeper)).rejects.toMatchObject({ code: 'CONFLICT' });
    await gateway.revoke(keeper);
    await pass(3 * TTL_MS, other);
    expect(await lives(lease)).toBe(true);
    await client.renew(lease, other);
    await expect(client.revoke(lease, keeper)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('[KL3] is taken over after the end of its keeper, also by a gateway that has not heard its client since', async () => {
    const { namespace, client, gateway, keeper, grantKept, pass, lives } = await setUp();
    const lease = await grantKept();
    await gateway.revoke(keeper);
    await namespace.pass(5_000);
    const next = (await gateway.grant({ ttlMs: KEEPER_TTL_MS })).id;
    const report = await client.renewAll({ lease, keeper: next, ageMs: 60_000 });
    expect(report).toEqual({ renewed: [{ lease, remainingMs: TTL_MS - 5_000, kept: true }], unknown: [] });
    await pass(5 * TTL_MS, next);
    expect(await lives(lease)).toBe(true);
  });
});

describe('the revocation of a kept lease', () => {
  it('[KL4] by its gateway ends it at once, also with the token of the gateway', async () => {
    const { namespace, client, gateway, keeper, grantKept } = await setUp();
    const [one, two] = [await grantKept(), await grantKept()];
    await client.revoke(one, keeper);
    expect(namespace.state.entries.count).toBe(1);
    await gateway.revoke(two, keeper);
    expect(namespace.state.entries.count).toBe(0);
    expect(namespace.state.journal.entries.changesAt(namespace.state.journal.revision)).toMatchObject([
      { cause: 'revoked' },
    ]);
  });

  it('[KL4] is refused to other tokens, and to a gateway that does not name the keeper', async () => {
    const { namespace, client, gateway, keeper, grantKept } = await setUp();
    const lease = await grantKept();
    const stranger = new LeaseCalls(namespace.api, STRANGER);
    await expect(stranger.revoke(lease, keeper)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(gateway.revoke(lease)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const own = (await stranger.grant()).id;
    await expect(stranger.revoke(lease, own)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(gateway.renew(lease, keeper)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await new LeaseCalls(namespace.api, OPERATOR).revoke(lease, keeper);
    await expect(client.read(lease)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  });
});

describe('a keeper', () => {
  it('[KL5] is a lease that lives, has a time to live, and is not kept itself', async () => {
    const { client, gateway, keeper, grantKept } = await setUp();
    const kept = await grantKept();
    const endless = (await gateway.grant({ ttlMs: null })).id;
    const ended = (await gateway.grant()).id;
    const aliased = await gateway.grant({ alias: '77' });
    await gateway.revoke(ended);
    for (const name of [kept, endless, ended, '1', '-1', '9223372036854775807', aliased.alias ?? '']) {
      expect(await client.grant({ keeper: name })).not.toHaveProperty('kept');
      const { id } = await client.grant();
      expect(await client.renew(id, name)).not.toHaveProperty('kept');
    }
    expect(await client.grant({ keeper })).toMatchObject({ kept: true });
    expect(await client.grant({ ttlMs: null, keeper })).not.toHaveProperty('kept');
  });

  it('[KL5] has no keeper, so that no lease keeps itself, alone or with others', async () => {
    const { client, gateway, keeper, grantKept, pass, lives } = await setUp();
    await grantKept();
    const other = (await gateway.grant({ ttlMs: KEEPER_TTL_MS })).id;
    expect(await gateway.renew(keeper, keeper)).not.toHaveProperty('kept');
    expect(await gateway.renew(keeper, other)).not.toHaveProperty('kept');
    const own = await client.grant({ ttlMs: TTL_MS });
    expect(await client.renew(own.id, own.id)).not.toHaveProperty('kept');
    await pass(TTL_MS + ENDS_WITHIN_MS);
    expect(await lives(own.id)).toBe(false);
  });

  it('[KL5] that has ended keeps nothing, and leaves a lease that names it as it would be without one', async () => {
    const { client, gateway, keeper, grantKept, pass, lives } = await setUp();
    const lease = await grantKept();
    const dead = (await gateway.grant({ ttlMs: KEEPER_TTL_MS })).id;
    await gateway.revoke(dead);
    expect(await client.renew(lease, dead)).not.toHaveProperty('kept');
    await pass(TTL_MS + ENDS_WITHIN_MS, keeper);
    expect(await lives(lease)).toBe(false);
  });
});

describe('a restart', () => {
  it('[KL6] while the keeper lives leaves the lease kept', async () => {
    const { namespace, client, keeper, grantKept, pass, lives } = await setUp();
    const lease = await grantKept();
    for (const forget of ['restart', 'hibernate'] as const) {
      await pass(3 * TTL_MS);
      await namespace[forget]();
      expect(await client.read(lease)).toMatchObject({ kept: true });
      await pass(3 * TTL_MS);
      expect(await lives(lease)).toBe(true);
    }
    await client.revoke(lease, keeper);
    await namespace.restart();
    expect(namespace.state.granted.size).toBe(1);
  });

  it('[KL6] after the end of the keeper changes nothing of the time that the lease has left', async () => {
    for (const forget of ['restart', 'hibernate'] as const) {
      const { namespace, client, gateway, keeper, grantKept, pass, lives } = await setUp();
      const lease = await grantKept();
      await pass(3 * KEEPER_TTL_MS);
      await gateway.revoke(keeper);
      await namespace[forget]();
      expect(await client.read(lease)).toMatchObject({ remainingMs: TTL_MS });
      await namespace.pass(TTL_MS - ENDS_WITHIN_MS);
      expect(await lives(lease)).toBe(true);
      // A crash is a gap, after which the registry listens for a time to live and the time in which clients reconnect.
      await namespace.pass(4 * ENDS_WITHIN_MS);
      expect(await lives(lease)).toBe(false);
    }
  });

  it('[KL6] without any renewal gives the keeper its time to live again, and then its leases theirs', async () => {
    const { namespace, keeper, grantKept, lives } = await setUp();
    const lease = await grantKept();
    await namespace.freeze(10 * KEEPER_TTL_MS);
    await namespace.restart();
    await namespace.pass(KEEPER_TTL_MS - ENDS_WITHIN_MS);
    expect(namespace.state.granted.get(Number(keeper))).toBeDefined();
    await namespace.pass(3 * ENDS_WITHIN_MS);
    expect(namespace.state.granted.get(Number(keeper))).toBeUndefined();
    await namespace.pass(TTL_MS - 2 * ENDS_WITHIN_MS);
    expect(await lives(lease)).toBe(true);
    await namespace.pass(3 * ENDS_WITHIN_MS);
    expect(await lives(lease)).toBe(false);
  });

  it('[KL6] after a lease was taken over leaves it to its new keeper', async () => {
    const { namespace, client, gateway, keeper, grantKept, pass, lives } = await setUp();
    const lease = await grantKept();
    const next = (await gateway.grant({ ttlMs: KEEPER_TTL_MS })).id;
    await client.renew(lease, next);
    await namespace.restart();
    await expect(client.revoke(lease, keeper)).rejects.toMatchObject({ code: 'CONFLICT' });
    await pass(2 * KEEPER_TTL_MS, next);
    expect(await lives(lease)).toBe(true);
    await client.renew(lease);
    await namespace.restart();
    expect(await client.read(lease)).not.toHaveProperty('kept');
  });

  it('[KL3] keeps a lease while nothing can be stored, also if it is renewed without a keeper', async () => {
    const { namespace, client, grantKept } = await setUp();
    const lease = await grantKept();
    namespace.platform.fill();
    expect(await client.renew(lease)).toMatchObject({ kept: true });
    namespace.platform.empty();
    expect(await client.renew(lease)).not.toHaveProperty('kept');
  });
});
