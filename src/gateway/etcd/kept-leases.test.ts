import { describe, expect, it } from 'vitest';
import { GatewayStage, type StagedGateway } from '../../../test/fixtures/gateway-stage';
import { settle } from '../../../test/simulation/virtual-time';
import { RegistryError } from '../../model/errors';
import { UnsentError } from './frame-calls';
import { KEEPER_TTL_MS } from './kept-leases';

const TTL_MS = 10_000;
const OWNER = 'owner';

/** A dead client's lease is gone this long after its time to live. */
const ENDS_WITHIN_MS = 1_500;

/** A stage with gateways. */
async function begin(count = 1) {
  const stage = new GatewayStage();
  for (let n = 0; n < count; n++) await stage.gateway();
  const [gateway, other] = stage.gateways;
  if (gateway === undefined) throw new Error('there is a gateway');
  return { stage, gateway, other: other ?? gateway };
}

/** A client that sends keepalives as etcd's do: thrice a time to live, and soon after a failure. */
class Client {
  readonly lease: string;
  gateway: StagedGateway;
  isDead = false;
  failures = 0;
  #stage: GatewayStage;
  #nextAt: number;

  constructor(stage: GatewayStage, gateway: StagedGateway, lease: string) {
    this.#stage = stage;
    this.gateway = gateway;
    this.lease = lease;
    this.#nextAt = stage.now + TTL_MS / 3;
  }

  step(): void {
    if (this.isDead || this.#stage.now < this.#nextAt) return;
    this.#nextAt = this.#stage.now + TTL_MS / 3;
    this.gateway.keepAlive(this.lease, OWNER).catch(() => {
      this.failures += 1;
      this.#nextAt = this.#stage.now + 500;
    });
  }
}

async function clientsOf(stage: GatewayStage, gateway: StagedGateway, count: number): Promise<Client[]> {
  const leases = await Promise.all(Array.from({ length: count }, () => gateway.grant(OWNER, TTL_MS)));
  return leases.map((lease) => new Client(stage, gateway, lease));
}

const stepAll = (clients: Client[]) => () => {
  for (const client of clients) client.step();
};

describe('a client', () => {
  it('[KL7] keeps its lease as long as it sends keepalives, and loses it soon after its death', async () => {
    const { stage, gateway } = await begin();
    const [alive, dead] = (await clientsOf(stage, gateway, 2)) as [Client, Client]; // `as`: two were asked for
    await stage.pass(5 * TTL_MS, stepAll([alive, dead]));
    dead.isDead = true;
    await stage.pass(TTL_MS / 2, stepAll([alive, dead]));
    expect(stage.has(dead.lease)).toBe(true);
    await stage.pass(TTL_MS / 2 + ENDS_WITHIN_MS, stepAll([alive, dead]));
    expect([stage.has(alive.lease), stage.has(dead.lease), gateway.kept.size]).toEqual([true, false, 1]);
    expect(alive.failures).toBe(0);
  });

  it('[KL8] is answered once the registry has acknowledged, with what that says', async () => {
    const { stage, gateway } = await begin();
    const lease = await gateway.grant(OWNER, TTL_MS);
    await stage.pass(2_000);
    expect(await gateway.kept.heard(lease, OWNER)).toEqual({ remainingMs: TTL_MS });
    await stage.calls(OWNER).revoke(lease);
    await stage.pass(250);
    expect(await gateway.kept.heard(lease, OWNER)).toBeUndefined();
    expect(gateway.kept.size).toBe(0);
    await stage.pass(250);
    expect(await gateway.kept.heard('4711', OWNER)).toBeUndefined();
  });

  it('[KL8] is refused while the registry is away, and not answered', async () => {
    const { stage, gateway } = await begin();
    const lease = await gateway.grant(OWNER, TTL_MS);
    await stage.pass(2_000);
    gateway.isCutOff = true;
    await expect(gateway.kept.heard(lease, OWNER)).rejects.toThrow('out of reach');
    await stage.pass(2_000);
    // It is known to be away now, so that the refusal needs no call.
    const before = gateway.calls.length;
    await expect(gateway.kept.heard(lease, OWNER)).rejects.toThrow('out of reach');
    expect(gateway.calls).toHaveLength(before);
    gateway.isCutOff = false;
    await stage.pass(1_500);
    expect(await gateway.kept.heard(lease, OWNER)).toEqual({ remainingMs: TTL_MS });
  });

  it('[KL8] passes on one keepalive at once, and many together', async () => {
    const { stage, gateway } = await begin();
    const leases = await Promise.all(Array.from({ length: 30 }, () => gateway.grant(OWNER, TTL_MS)));
    const [first = '', ...others] = leases;
    await gateway.kept.heard(first, OWNER);
    const answers = others.map((lease) => gateway.kept.heard(lease, OWNER));
    await settle();
    expect(gateway.calls).toEqual(['renew 1 of owner']);
    await stage.pass(250);
    await Promise.all(answers);
    expect(gateway.calls).toEqual(['renew 1 of owner', 'renew 29 of owner']);
  });

  it('[KL9] of another token is refused alone, and keeps no lease alive', async () => {
    const { stage, gateway } = await begin();
    const foreign = await gateway.grant(OWNER, TTL_MS);
    const own = await gateway.grant('other', TTL_MS);
    // The first call leaves at once, so that the next ones share one.
    await gateway.kept.heard(own, 'other');
    const answers = Promise.allSettled([foreign, own, '4711'].map((lease) => gateway.kept.heard(lease, 'other')));
    await stage.pass(250);
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    const refuse = () => void gateway.kept.heard(foreign, 'other').catch(() => {});
    await stage.pass(TTL_MS + ENDS_WITHIN_MS, refuse);
    expect(stage.has(foreign)).toBe(false);
  });
});

describe('a gateway whose calls fail', () => {
  it('[KL9] for one token keeps none of its leases alive if that is refused', async () => {
    const { stage, gateway } = await begin();
    const [client] = (await clientsOf(stage, gateway, 1)) as [Client]; // `as`: one was asked for
    gateway.failures.set(OWNER, new RegistryError('UNAUTHENTICATED', 'the token has ended'));
    await stage.pass(TTL_MS - 500, stepAll([client]));
    expect(stage.has(client.lease)).toBe(true);
    await stage.pass(500 + ENDS_WITHIN_MS, stepAll([client]));
    expect(stage.has(client.lease)).toBe(false);
  });

  it('[KL10] for one token gives its clients a time to live to come back', async () => {
    const { stage, gateway } = await begin();
    const [noisy, quiet] = (await clientsOf(stage, gateway, 2)) as [Client, Client]; // `as`: two were asked for
    const other = await gateway.grant('other', TTL_MS);
    gateway.failures.set(OWNER, new Error('the socket is closed'));
    await stage.pass(TTL_MS + 2_000, stepAll([noisy]));
    expect([stage.has(quiet.lease), stage.has(other)]).toEqual([true, false]);
    gateway.failures.clear();
    await stage.pass(TTL_MS - 2_000, stepAll([noisy]));
    expect(stage.has(quiet.lease)).toBe(true);
    await stage.pass(2_000 + ENDS_WITHIN_MS, stepAll([noisy]));
    expect([stage.has(quiet.lease), stage.has(noisy.lease)]).toEqual([false, true]);
  });

  it('[KL10] takes over its leases with a new lease of its own, once that succeeds', async () => {
    for (const fails of [false, true]) {
      const { stage, gateway } = await begin();
      const lease = await gateway.grant(OWNER, 6 * TTL_MS);
      if (fails) gateway.failures.set(OWNER, new Error('the socket is closed'));
      await stage.calls('gateway').revoke(gateway.kept.keeper ?? '');
      await stage.pass(KEEPER_TTL_MS / 3 + 1_000);
      expect(await stage.calls(OWNER).read(lease)).toMatchObject(fails ? { id: lease } : { kept: true });
      gateway.failures.clear();
      await stage.pass(1_000);
      expect(await stage.calls(OWNER).read(lease)).toMatchObject({ kept: true });
    }
  });

  it('[KL8] refuses keepalives that wait when it closes', async () => {
    const { gateway } = await begin();
    const [one, two] = [await gateway.grant(OWNER, TTL_MS), await gateway.grant(OWNER, TTL_MS)];
    await gateway.kept.heard(one, OWNER);
    const waiting = gateway.kept.heard(two, OWNER);
    await gateway.kept.close();
    await expect(waiting).rejects.toThrow('closed');
  });
});

describe('a lease that a gateway keeps without knowing it', () => {
  it('[KL7] ends one time to live after its grant had no answer, and no other does', async () => {
    const { stage, gateway } = await begin();
    const clients = await clientsOf(stage, gateway, 3);
    const { keeper = '' } = gateway.kept;
    const { id: orphan } = await stage.calls(OWNER).grant({ ttlMs: TTL_MS, keeper });
    gateway.kept.outcomeUnknown(keeper);
    await stage.pass(2_000, stepAll(clients));
    expect([stage.has(keeper), stage.has(orphan)]).toEqual([false, true]);
    for (const { lease } of clients) expect(await stage.calls(OWNER).read(lease)).toMatchObject({ kept: true });
    await stage.pass(TTL_MS + ENDS_WITHIN_MS, stepAll(clients));
    expect(stage.has(orphan)).toBe(false);
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
    const [dead] = clients as [Client]; // `as`: there are three
    dead.isDead = true;
    await stage.pass(TTL_MS + ENDS_WITHIN_MS, stepAll(clients));
    expect(clients.map(({ lease }) => stage.has(lease))).toEqual([false, true, true]);
  });

  it('[KL7] ends one time to live after its first renewal had no answer', async () => {
    const { stage, gateway } = await begin();
    const { keeper = '' } = gateway.kept;
    const { id: orphan } = await stage.calls(OWNER).grant({ ttlMs: TTL_MS });
    await stage.calls(OWNER).renewAll({ lease: orphan, ageMs: 0, keeper });
    gateway.failures.set(OWNER, new Error('the socket is closed'));
    await expect(gateway.kept.heard(orphan, OWNER)).rejects.toThrow('closed');
    await stage.pass(TTL_MS + 2 * ENDS_WITHIN_MS);
    expect([stage.has(keeper), stage.has(orphan)]).toEqual([false, false]);
  });

  it('[KL7] can’t be one whose first renewal was not sent, or whose keeper is gone', async () => {
    const { stage, gateway } = await begin();
    const { keeper = '' } = gateway.kept;
    gateway.failures.set(OWNER, new UnsentError(new RegistryError('UNAVAILABLE', 'it is away')));
    await expect(gateway.kept.heard('4711', OWNER)).rejects.toThrow('away');
    gateway.kept.outcomeUnknown('4712');
    await stage.pass(KEEPER_TTL_MS);
    expect(gateway.kept.keeper).toBe(keeper);
  });

  it('[KL7] costs a renewal of all others once in ten seconds', async () => {
    const { stage, gateway } = await begin();
    await gateway.grant(OWNER, 10 * TTL_MS);
    const keepers = new Set<string | undefined>();
    await stage.pass(KEEPER_TTL_MS, () => {
      keepers.add(gateway.kept.keeper);
      gateway.kept.outcomeUnknown(gateway.kept.keeper ?? '');
    });
    expect(keepers.size).toBe(4);
  });
});

describe('a gateway that was frozen', () => {
  it('[KL10] with its machine renews its own lease at once, as its clock stood still', async () => {
    const { stage, gateway } = await begin();
    const { keeper } = gateway.kept;
    gateway.freeze();
    await stage.pass(2 * KEEPER_TTL_MS);
    gateway.suspendedMs = 2 * KEEPER_TTL_MS;
    gateway.thaw();
    await settle();
    expect(gateway.kept.keeper).not.toBe(keeper);
  });

  it('[KL10] for less than its own time to live loses no lease, and detects the dead', async () => {
    const { stage, gateway } = await begin();
    const clients = await clientsOf(stage, gateway, 10);
    await stage.pass(7_300, stepAll(clients));
    gateway.freeze();
    await stage.pass(20_000, stepAll(clients));
    const [dead] = clients as [Client]; // `as`: there are ten
    dead.isDead = true;
    gateway.thaw();
    await stage.pass(TTL_MS - 1_000, stepAll(clients));
    expect(clients.map(({ lease }) => stage.has(lease))).not.toContain(false);
    await stage.pass(1_000 + ENDS_WITHIN_MS, stepAll(clients));
    expect(clients.filter(({ lease }) => !stage.has(lease))).toEqual([dead]);
    await stage.pass(3 * TTL_MS, stepAll(clients));
    expect(clients.filter(({ lease }) => !stage.has(lease))).toEqual([dead]);
  });

  it('[KL10] for longer takes over what is left, with another lease of its own', async () => {
    const { stage, gateway } = await begin();
    const clients = await clientsOf(stage, gateway, 3);
    const { keeper } = gateway.kept;
    gateway.freeze();
    await stage.pass(KEEPER_TTL_MS + TTL_MS / 2, stepAll(clients));
    expect(stage.has(keeper ?? '')).toBe(false);
    gateway.thaw();
    await stage.pass(5 * TTL_MS, stepAll(clients));
    expect(gateway.kept.keeper).not.toBe(keeper);
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
    gateway.freeze();
    await stage.pass(20_000, stepAll(clients));
    gateway.thaw();
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
  });

  it('[KL2] or died loses all leases one time to live after its own', async () => {
    const { stage, gateway } = await begin();
    const clients = await clientsOf(stage, gateway, 3);
    await stage.pass(9_000, stepAll(clients));
    gateway.isDead = true;
    await stage.pass(KEEPER_TTL_MS, stepAll(clients));
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
    await stage.pass(TTL_MS + 2 * ENDS_WITHIN_MS, stepAll(clients));
    for (const { lease } of clients) expect(stage.has(lease)).toBe(false);
  });
});

describe('a registry that is away', () => {
  it.each([5_000, 25_000, 60_000, 300_000])('[KL10] for %i ms costs no client its lease', async (awayMs) => {
    const { stage, gateway } = await begin();
    const clients = await clientsOf(stage, gateway, 10);
    const [dead, ...others] = clients as [Client, ...Client[]]; // `as`: there are ten
    await stage.pass(12_000, stepAll(clients));
    stage.isRegistryAway = true;
    await stage.pass(awayMs, stepAll(clients));
    dead.isDead = true;
    await stage.returnRegistry();
    await stage.pass(TTL_MS - 500, stepAll(clients));
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
    await stage.pass(KEEPER_TTL_MS, stepAll(clients));
    for (const { lease } of others) expect(stage.has(lease)).toBe(true);
    expect(stage.has(dead.lease)).toBe(false);
  });

  it('[KL10] costs no client its lease that waits until it is back', async () => {
    const { stage, gateway } = await begin();
    const noisy = await gateway.grant('other', TTL_MS);
    const [quiet] = (await clientsOf(stage, gateway, 1)) as [Client]; // `as`: one was asked for
    stage.isRegistryAway = true;
    const call = () => void gateway.kept.heard(noisy, 'other').catch(() => {});
    await stage.pass(2 * TTL_MS, call);
    await stage.returnRegistry();
    await stage.pass(TTL_MS - 1_000, call);
    expect(stage.has(quiet.lease)).toBe(true);
    await stage.pass(4_000, call);
    expect(stage.has(quiet.lease)).toBe(false);
  });

  it('[KL10] for one gateway alone leaves its leases to the registry, and takes them back', async () => {
    const { stage, gateway } = await begin();
    const clients = await clientsOf(stage, gateway, 3);
    gateway.isCutOff = true;
    await stage.pass(KEEPER_TTL_MS + TTL_MS / 2, stepAll(clients));
    gateway.isCutOff = false;
    await stage.pass(3 * TTL_MS, stepAll(clients));
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
    gateway.freeze();
    await stage.pass(20_000, stepAll(clients));
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
  });
});

describe('two gateways', () => {
  it('[KL9] pass clients on to each other, back and forth, and no lease ends', async () => {
    const { stage, gateway, other } = await begin(2);
    const clients = await clientsOf(stage, gateway, 5);
    for (let turn = 0; turn < 10; turn++) {
      for (const client of clients) client.gateway = client.gateway === gateway ? other : gateway;
      await stage.pass(TTL_MS * (turn % 2 === 0 ? 0.7 : 1.6), stepAll(clients));
      for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
    }
    expect([gateway.kept.size, other.kept.size].reduce((sum, size) => sum + size)).toBeGreaterThanOrEqual(5);
    await stage.pass(2 * TTL_MS, stepAll(clients));
    expect([gateway.kept.size, other.kept.size].sort()).toEqual([0, 5]);
  });

  it('[KL9] serve the clients of one that was cut off, also once it is back with what it heard before', async () => {
    const { stage, gateway, other } = await begin(2);
    const clients = await clientsOf(stage, gateway, 5);
    await stage.pass(5_000, stepAll(clients));
    gateway.isCutOff = true;
    await stage.pass(4_000, stepAll(clients));
    for (const client of clients) client.gateway = other;
    await stage.pass(KEEPER_TTL_MS + 2 * TTL_MS, stepAll(clients));
    gateway.isCutOff = false;
    await stage.pass(3 * TTL_MS, stepAll(clients));
    for (const { lease } of clients) expect(stage.has(lease)).toBe(true);
    expect([gateway.kept.size, other.kept.size]).toEqual([0, 5]);
  });

  it('[KL9] follow each other with a new process, to which the clients of the old one come', async () => {
    const { stage, gateway, other } = await begin(2);
    const clients = await clientsOf(stage, gateway, 5);
    await stage.pass(5_000, stepAll(clients));
    await gateway.kept.close();
    expect(stage.has(gateway.kept.keeper ?? '')).toBe(false);
    await expect(gateway.kept.heard(clients[0]?.lease ?? '', OWNER)).rejects.toThrow('closed');
    const [dead, ...others] = clients as [Client, ...Client[]]; // `as`: there are five
    dead.isDead = true;
    for (const client of clients) client.gateway = other;
    await stage.pass(TTL_MS + ENDS_WITHIN_MS, stepAll(clients));
    expect(stage.has(dead.lease)).toBe(false);
    for (const { lease } of others) expect(stage.has(lease)).toBe(true);
    expect(other.kept.size).toBe(4);
  });
});
