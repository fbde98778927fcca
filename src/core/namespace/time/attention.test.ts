import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OWNER } from '../../../../test/fixtures/callers';
import { definition, key } from '../../../../test/fixtures/definition';
import { HandPlatform, START } from '../../../../test/fixtures/hand-platform';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import type { SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import type { SessionOpened } from '../../../model/frames';
import {
  ATTENTION_HASTE_MS,
  ATTENTION_LATE_MS,
  ATTENTION_PASS_MS,
  CLOCK_JUMP_MIN_MS,
  LEASE_SLACK_MS,
  LOOK_LATE_MS,
  RECONNECT_SPREAD_MIN_MS,
  RECONNECT_SPREAD_PER_CLIENT_MS,
} from '../../../model/limits';
import { arm } from '../leases/expiry';
import { openSession } from '../leases/sessions';
import { readCheckpoint } from '../records/checkpoints';
import { Attention, noteGap, notePass, reconnectSpreadMs } from './attention';

/** Attention that started at 1,000 with five seconds before. */
const begin = () => new Attention({ since: 1_000, attendedMs: 5_000 }, 1_000, Number.NEGATIVE_INFINITY);

describe('attention', () => {
  it('grows while nothing is missed', () => {
    const attention = begin();
    expect(attention.attendedAt(1_000)).toBe(5_000);
    attention.pass(1_250);
    expect(attention.attendedAt(1_400)).toBe(5_400);
    expect(attention.since).toBe(1_000);
    expect(attention).toMatchObject({ lastPass: 1_250, hasPassed: true, gaps: 0 });
  });

  it('[L9] is counted up to the last pass before a gap, and again from the end of the gap', () => {
    const attention = begin();
    attention.pass(3_000);
    attention.gap(10_000, 0);
    expect(attention.stored).toEqual({ since: 10_000, attendedMs: 7_000 });
    expect(attention.attendedAt(10_000)).toBe(7_000);
    expect(attention.attendedAt(10_600)).toBe(7_600);
    expect(attention).toMatchObject({ lastPass: 10_000, gaps: 1 });
  });

  it('[L7] starts after a wake only when clients have had the time to reconnect', () => {
    const attention = begin();
    attention.gap(10_000, 2_000);
    expect(attention.hasPassed).toBe(false);
    expect(attention.since).toBe(12_000);
    for (const now of [10_000, 11_000, 12_000]) {
      attention.pass(now);
      expect(attention.attendedAt(now)).toBe(5_000);
    }
    expect(attention.attendedAt(12_300)).toBe(5_300);
  });

  it('[L7] keeps that time through a gap within it, and counts none of it', () => {
    const attention = begin();
    attention.gap(10_000, 5_000);
    attention.pass(10_500);
    attention.gap(12_000, 0);
    expect(attention.stored).toEqual({ since: 15_000, attendedMs: 5_000 });
  });

  it('dueAfter returns when the given attention since a time will be reached', () => {
    const attention = begin();
    const before = attention.attendedAt(2_000);
    expect(attention.dueAfter(before, 250)).toBe(2_250);
    attention.pass(2_100);
    attention.gap(9_000, 0);
    expect(attention.dueAfter(before, 250)).toBe(9_150);
    expect(attention.attendedAt(9_150) - before).toBe(250);
  });

  it('[L15] holds back the end of leases for 250 ms after a pause, and not before the first one', () => {
    const attention = begin();
    expect(attention.heldUntil).toBe(Number.NEGATIVE_INFINITY);
    attention.hold(2_000);
    expect(attention.heldUntil).toBe(2_250);
    attention.hold(2_100);
    expect(attention.heldUntil).toBe(2_350);
    // A hold is not a gap.
    expect(attention).toMatchObject({ gaps: 0, since: 1_000 });
    expect(attention.attendedAt(2_100)).toBe(6_100);
  });

  it('is never 0, which represents a lease that was not asked', () => {
    const attention = new Attention({ since: 0, attendedMs: 1 }, 0, Number.NEGATIVE_INFINITY);
    attention.gap(1_000, 0);
    expect(attention.attendedAt(1_000)).toBeGreaterThan(0);
  });
});

/** Hosts differ in how they detect a gap. */
const HOSTS = ['a host with ticks', 'a host with one clock'] as const;
type Host = (typeof HOSTS)[number];

/** A platform whose monotonic clock, if it has one, does not follow `wallJump`. */
function platformOf(host: Host) {
  const platform = new HandPlatform();
  let jumpedMs = 0;
  if (host === 'a host with ticks') platform.monotonic = { now: () => platform.clock.now() - jumpedMs };
  const wallJump = (ms: number) => {
    jumpedMs += ms;
    platform.jump(ms);
  };
  return { platform, wallJump };
}

/** A namespace with a lease of 30 s, which has just listened and is armed. */
function listening(host: Host) {
  const { platform, wallJump } = platformOf(host);
  const awake = new AwakeNamespace(platform);
  awake.put('a');
  arm(awake.state);
  notePass(awake.state);
  const outages = () => awake.state.counters.outages;
  return { awake, platform, wallJump, outages };
}

describe('notePass, on a host with one clock', () => {
  it.each([
    [LOOK_LATE_MS, 0],
    [LOOK_LATE_MS + 1, 1],
  ])('[L9] with an alarm that is %i ms late counts %i gaps', (lateMs, count) => {
    const { awake, platform, outages } = listening('a host with one clock');
    platform.jump(5_000 + lateMs);
    expect(notePass(awake.state)).toBe(START + 5_000 + lateMs);
    expect(outages()).toBe(count);
    expect(awake.state.attention.since).toBe(count === 0 ? START : START + 5_000 + lateMs);
  });

  it.each([
    [LOOK_LATE_MS, 0],
    [LOOK_LATE_MS + 1, 1],
  ])('[L9] uses the due time of the alarm if it runs %i ms late: %i gaps', (lateMs, count) => {
    const { awake, platform, outages } = listening('a host with one clock');
    platform.jump(5_000 + lateMs);
    notePass(awake.state, START + 5_000);
    expect(outages()).toBe(count);
  });

  it.each([
    [ATTENTION_HASTE_MS, false],
    [ATTENTION_HASTE_MS + 1, true],
    [LOOK_LATE_MS, true],
    [LOOK_LATE_MS + 1, false],
  ])('[L15, L9] with an alarm that is %i ms late holds back ends: %j', (lateMs, isHeld) => {
    const { awake, platform } = listening('a host with one clock');
    platform.jump(5_000 + lateMs);
    const now = notePass(awake.state, START + 5_000);
    expect(awake.state.attention.heldUntil).toBe(isHeld ? now + LEASE_SLACK_MS : Number.NEGATIVE_INFINITY);
  });

  it('[L9] counts a late alarm once, even if it never runs', () => {
    const { awake, platform, outages } = listening('a host with one clock');
    for (const ms of [20_000, 100, 400]) {
      platform.jump(ms);
      notePass(awake.state);
    }
    expect(outages()).toBe(1);
  });

  it('[L9] counts no lost alarm while calls arrive without a pause', () => {
    const { awake, platform, outages } = listening('a host with one clock');
    for (let calls = 0; calls < 40; calls++) {
      platform.jump(LOOK_LATE_MS);
      notePass(awake.state);
    }
    expect(outages()).toBe(0);
    platform.jump(LOOK_LATE_MS + 1);
    notePass(awake.state);
    expect(outages()).toBe(1);
  });

  it('[L9, L10] counts a clock that jumped forward past the alarm', () => {
    const { awake, wallJump, outages } = listening('a host with one clock');
    wallJump(3_600_000);
    notePass(awake.state);
    expect(outages()).toBe(1);
  });

  it('[L9] counts nothing during a pause before the alarm is due', () => {
    const { awake, platform, outages } = listening('a host with one clock');
    platform.jump(5_000);
    notePass(awake.state);
    expect(outages()).toBe(0);
  });
});

describe('notePass, on a host with ticks', () => {
  it.each([
    [ATTENTION_PASS_MS + ATTENTION_LATE_MS - 1, 0],
    [ATTENTION_PASS_MS + ATTENTION_LATE_MS, 1],
  ])('[L9] %i ms after the last pass counts %i gaps', (ms, count) => {
    const { awake, platform, outages } = listening('a host with ticks');
    platform.jump(ms);
    notePass(awake.state);
    expect(outages()).toBe(count);
  });

  it.each([
    [ATTENTION_PASS_MS + ATTENTION_HASTE_MS, false],
    [ATTENTION_PASS_MS + ATTENTION_HASTE_MS + 1, true],
    [ATTENTION_PASS_MS + ATTENTION_LATE_MS - 1, true],
    [ATTENTION_PASS_MS + ATTENTION_LATE_MS, false],
  ])('[L15, L9] %i ms after the last pass holds back ends: %j', (ms, isHeld) => {
    const { awake, platform } = listening('a host with ticks');
    platform.jump(ms);
    const now = notePass(awake.state);
    expect(awake.state.attention.heldUntil).toBe(isHeld ? now + LEASE_SLACK_MS : Number.NEGATIVE_INFINITY);
  });

  it.each([3_600_000, -3_600_000])('[L10, O5] moves quarantines with a wall clock that jumped by %i ms', (ms) => {
    const { awake, wallJump } = listening('a host with ticks');
    awake.override('a', { quarantine: { until: '2030-01-01T02:00:00Z' } });
    const { agenda } = awake.state;
    agenda.set({ kind: 'drain', key: key('a') }, START + 7_200_000);
    wallJump(ms);
    for (let passes = 0; passes < 2; passes++) notePass(awake.state);
    expect(agenda.timeOf({ kind: 'quarantine', key: key('a') })).toBe(START + 7_200_000 - ms);
    expect(agenda.timeOf({ kind: 'drain', key: key('a') })).toBe(START + 7_200_000);
  });

  it('[L9] counts no late alarm while the event loop is running', () => {
    const { awake, platform, outages } = listening('a host with ticks');
    for (let ticks = 0; ticks < 100; ticks++) {
      platform.jump(ATTENTION_PASS_MS);
      notePass(awake.state, START);
    }
    expect(outages()).toBe(0);
  });

  it.each([
    [CLOCK_JUMP_MIN_MS - 1, 0],
    [CLOCK_JUMP_MIN_MS, 1],
    [-CLOCK_JUMP_MIN_MS, 1],
    [-3_600_000, 1],
  ])('[L9, L10] counts a wall clock that jumped by %i ms as %i gaps', (ms, count) => {
    const { awake, wallJump, outages } = listening('a host with ticks');
    wallJump(ms);
    notePass(awake.state);
    notePass(awake.state);
    expect(outages()).toBe(count);
  });
});

it('[L9] a wall clock that jumped before the first lease counts for nothing', () => {
  const { platform, wallJump } = platformOf('a host with ticks');
  const awake = new AwakeNamespace(platform);
  wallJump(3_600_000);
  notePass(awake.state);
  awake.put('a');
  notePass(awake.state);
  expect(awake.state.counters.outages).toBe(0);
});

describe.each(HOSTS)('a gap, on %s', (host) => {
  it('[L9] without a lease counts for nothing', async () => {
    const { platform } = platformOf(host);
    const awake = new AwakeNamespace(platform);
    awake.put('a', { ephemeral: false });
    for (const ms of [0, 3_600_000]) {
      platform.jump(ms);
      notePass(awake.state);
    }
    await settle();
    expect(awake.state.counters.outages).toBe(0);
    expect(platform.logs).toEqual([]);
  });

  it('[L7] is stored before any response, and logged', async () => {
    const { awake, platform } = listening(host);
    await settle();
    platform.storage.takeWritten();
    platform.jump(20_000);
    notePass(awake.state);
    expect(awake.state.pipeline.settled()).toBeDefined();
    await settle();
    expect(platform.storage.takeWritten()).toEqual({ 'insert checkpoint': 1 });
    const { since, attendedMs } = awake.state.attention.stored;
    expect(since).toBe(awake.state.time.now());
    expect(readCheckpoint(platform.storage).header).toMatchObject({
      state: 'closed',
      attention: { since, attendedMs },
    });
    const why = 'nothing was received for a while';
    expect(platform.logs).toMatchObject([{ level: 'warn', facts: { why, silentMs: 20_000, leases: 1 } }]);
  });

  it('[L7] ends leases renewed before it only after a whole time to live', async () => {
    const { awake, platform } = listening(host);
    platform.jump(28_000);
    notePass(awake.state);
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += ATTENTION_PASS_MS) {
        await awake.pass(ATTENTION_PASS_MS);
        notePass(awake.state);
      }
    };
    await pass(30_000);
    expect(awake.ids()).toEqual(['a']);
    await pass(2 * ATTENTION_PASS_MS);
    expect(awake.ids()).toEqual([]);
  });
});

it('[T7] noteGap gives clients the time in which they were asked to reconnect', () => {
  const { awake } = listening('a host with one clock');
  noteGap(awake.state, awake.state.time.now(), 'a test', RECONNECT_SPREAD_MIN_MS);
  expect(awake.state.attention.since).toBe(START + RECONNECT_SPREAD_MIN_MS);
});

/** First event of a host that continues after a stall, before its alarm. */
const FIRST: Record<string, (fleet: Fleet) => Promise<unknown>> = {
  'the alarm': async () => {},
  'a ping': async ({ namespace }) => {
    const { clock, connections } = namespace.platform;
    connections.open().pingedAt = clock.now();
  },
  'a heartbeat': ({ namespace }) => namespace.api.renew(OWNER, key('i-7')),
  'heartbeats of half the fleet': ({ namespace }) =>
    namespace.api.renewMany(
      OWNER,
      Array.from({ length: 50 }, (_, index) => key(`i-${index}`)),
    ),
  'a registration': ({ namespace }) =>
    namespace.api.register(OWNER, { key: key('i-7'), definition: definition(), precondition: {} }),
  'a frame': ({ namespace }) => {
    const { connections } = namespace.platform;
    return namespace.registry.receive(connections.connectionOf(connections.open()), '{"type":"session","id":"1"}');
  },
  'a socket': async ({ namespace }) => {
    const { connections } = namespace.platform;
    namespace.registry.opened(connections.connectionOf(connections.open()));
  },
  'a socket that breaks': ({ namespace }) => {
    const { connections } = namespace.platform;
    return namespace.registry.closed(connections.connectionOf(connections.open()), false);
  },
  'a read': ({ namespace }) => namespace.api.stats(),
};

const COUNT = 100;

/** A hundred holders that renew in time, evenly spread, at a registry that may stall. */
class Fleet {
  readonly namespace: NodeNamespace;
  readonly #beatMs: number;
  readonly #ticks: boolean;
  /** Holders that stopped renewing. */
  readonly dead = new Set<number>();
  #next = 0;
  #tickedAt = START;

  constructor(host: Host, { beatMs }: { beatMs: number }) {
    this.namespace = new NodeNamespace(undefined, platformOf(host).platform);
    this.#beatMs = beatMs;
    this.#ticks = host === 'a host with ticks';
  }

  async register(ttlMs: number): Promise<void> {
    const registered = definition({ lease: { ttlMs } });
    for (let index = 0; index < COUNT; index++)
      await this.namespace.api.register(OWNER, { key: key(`i-${index}`), definition: registered, precondition: {} });
  }

  /** Lets time pass while each holder renews in turn. */
  async live(ms: number): Promise<void> {
    const { namespace } = this;
    const stepMs = this.#beatMs / COUNT;
    for (let passed = 0; passed < ms; passed += stepMs) {
      await namespace.pass(stepMs);
      await this.#tick();
      if (!this.dead.has(this.#next)) await namespace.api.renew(OWNER, key(`i-${this.#next}`)).catch(() => {});
      this.#next = (this.#next + 1) % COUNT;
    }
  }

  /** Receives nothing for a while: messages of holders are lost. */
  stall(ms: number): void {
    this.namespace.platform.jump(ms);
    const steps = Math.round((ms * COUNT) / this.#beatMs);
    this.#next = (this.#next + steps) % COUNT;
  }

  /** Leases that ended or turned unhealthy. */
  get ended(): number {
    const { removed, unhealthy } = this.namespace.state.counters;
    return removed.expired + unhealthy;
  }

  async #tick(): Promise<void> {
    const now = this.namespace.platform.clock.now();
    if (!this.#ticks || now - this.#tickedAt < ATTENTION_PASS_MS) return;
    this.#tickedAt = now;
    await this.namespace.registry.tick();
  }
}

describe.each(HOSTS)('a hundred holders that renew in time, on %s', (host) => {
  it.each(Object.keys(FIRST))(
    '[I6, L9] survive a stall of twice their time to live if %s comes first',
    async (first) => {
      const fleet = new Fleet(host, { beatMs: 1_000 });
      await fleet.register(4_000);
      await fleet.live(6_000);
      fleet.stall(9_000);
      await FIRST[first]?.(fleet);
      await fleet.live(12_000);
      expect(fleet.ended).toBe(0);
      expect(fleet.namespace.state.counters.outages).toBe(1);
    },
  );

  it.each([
    [6_000, 1_500, 5_500],
    [30_000, 7_500, 24_800],
  ])(
    '[I6, L9] survive a stall that ends shortly before the first deadline: ttl %i, %i, %i ms',
    async (ttlMs, beatMs, stallMs) => {
      // Wherever it starts between two looks.
      for (const beginsMs of [0, 700, 1_400, 3_100]) {
        const fleet = new Fleet(host, { beatMs });
        await fleet.register(ttlMs);
        await fleet.live(2 * beatMs + beginsMs);
        fleet.stall(stallMs);
        await fleet.live(2 * ttlMs);
        expect(fleet.ended).toBe(0);
      }
    },
  );

  it('[I6, L7] survive repeated stalls, while dead ones among them still end', async () => {
    const fleet = new Fleet(host, { beatMs: 1_000 });
    await fleet.register(4_000);
    await fleet.live(2_000);
    fleet.dead.add(3).add(50);
    for (let stalls = 0; stalls < 6; stalls++) {
      fleet.stall(5_000);
      await fleet.live(3_000);
    }
    expect(fleet.ended).toBe(2);
    expect(fleet.namespace.state.catalog.instance(key('i-3'))).toBeUndefined();
  });

  it('[I6, L1] survive a dead one, which ends within a second of its limit', async () => {
    const fleet = new Fleet(host, { beatMs: 1_000 });
    await fleet.register(4_000);
    await fleet.live(2_000);
    fleet.dead.add(99);
    const heardAt = fleet.namespace.platform.clock.now();
    await fleet.live(3_900);
    expect(fleet.ended).toBe(0);
    await fleet.live(1_000);
    expect(fleet.ended).toBe(1);
    expect(fleet.namespace.platform.clock.now() - heardAt).toBeLessThanOrEqual(4_000 + 1_000);
  });
});

const CLIENTS_COUNT = 3_000;
const SPREAD_MS = CLIENTS_COUNT * RECONNECT_SPREAD_PER_CLIENT_MS;
const AS_OWNER = { caller: { tokenId: 'owner' } };

/** A registry that restarts with thousands of stored sessions and no socket. */
async function afterDeploy(ttlMs: number) {
  const stage = new WatchStage();
  const { namespace } = stage;
  const { connections } = namespace.platform;
  for (let index = 0; index < CLIENTS_COUNT; index++) {
    const ticket = { key: `s-${index}`, secretDigest: await namespace.platform.digest('secret') };
    const connection = connections.connectionOf(connections.open());
    openSession(namespace.state, connection, AS_OWNER.caller, ticket, ttlMs, namespace.state.time.now());
  }
  await settle();
  connections.dropAll();
  await namespace.hibernate();
  const comeBack = (client: SocketClient, index: number) =>
    client.ask<SessionOpened>({ type: 'session', session: `s-${index}.secret` });
  return { stage, namespace, comeBack };
}

describe('reconnectSpreadMs', () => {
  it('[T11] is 4 ms for each stored session or open socket, whichever are more, and at least 1 s', () => {
    expect([reconnectSpreadMs(5_000), reconnectSpreadMs(5_000, 7), reconnectSpreadMs(7, 5_000)]).toEqual(
      Array(3).fill(20_000),
    );
    expect([reconnectSpreadMs(0), reconnectSpreadMs(10, 20)]).toEqual(Array(2).fill(RECONNECT_SPREAD_MIN_MS));
  });
});

describe('clients that reconnect after a deploy', () => {
  it('[T11] are asked to spread according to all stored sessions, even if few sockets are open yet', async () => {
    const { stage, comeBack } = await afterDeploy(45_000);
    const first = await comeBack(stage.connect(AS_OWNER), 0);
    expect(first).toMatchObject({ resumed: true, reconnectWithinMs: SPREAD_MS });
    const watching = stage.connect();
    expect(await watching.ask({ type: 'watch', watch: 'w', scope: { groups: ['g'], services: [] } })).toEqual({
      reconnectWithinMs: SPREAD_MS,
    });
  });

  it('[T12] are asked to return within half a ttl if that is less, on a socket with a session', async () => {
    const { stage, comeBack } = await afterDeploy(9_000);
    const client = stage.connect(AS_OWNER);
    expect(await comeBack(client, 0)).toMatchObject({ ttlMs: 9_000, reconnectWithinMs: 4_500 });
    expect(await client.ask({ type: 'watch', watch: 'w', scope: { groups: ['g'], services: [] } })).toEqual({
      reconnectWithinMs: 4_500,
    });
  });

  it('[L18, T7] find their sessions during the spread, and a ttl beyond it', async () => {
    const { stage, namespace, comeBack } = await afterDeploy(9_000);
    await comeBack(stage.connect(AS_OWNER), 0);
    expect(namespace.state.counters.outages).toBe(1);
    await namespace.pass(SPREAD_MS + 9_000);
    expect(await comeBack(stage.connect(AS_OWNER), 1)).toMatchObject({ resumed: true });
    expect(namespace.state.sessions.size).toBe(CLIENTS_COUNT);
    await namespace.pass(2 * LEASE_SLACK_MS);
    expect(namespace.state.sessions.size).toBe(1);
  });
});
