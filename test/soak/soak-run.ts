import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../../bench/bench-server';
import type { FrameSocket } from '../../bench/frame-socket';
import { referenceInstance } from '../../bench/reference-instance';
import { residentPrograms } from '../../bench/resident-programs';
import { workerdPrograms } from '../../bench/workerd-programs';
import type { Workspace } from '../../bench/workspace';
import { findRuntime } from '../../src/launcher/runtime';
import type { Host } from '../programs/host';
import { SeededRandom } from '../simulation/seeded-random';
import { FleetDay, type Ref } from './fleet-day';
import { type Measure, measure, SLACK_DESCRIPTORS } from './measures';

const NAMESPACE = '/api/v1/ns/public';
const BATCH_MAX_COUNT = 1_000;

/** Number of missed steps after which a process counts as dead. */
const TTL_STEPS = 10;
const TTL_LEAST_MS = 2_000;

/** Retention of the registry: much less than a day of this fleet. */
const RETENTION = { maxCount: 2_000, maxBytes: 4 * 1_024 * 1_024 };

const WATCHERS = 40;
/** Average number of watchers that lose their connection in a step. */
const CUTS_PER_STEP = 0.5;

export interface SoakOptions {
  workspace: Workspace;
  host: Host;
  seed: number;
  days: number;
  /** A multiple of 48, so that deploys and measures fall on steps. */
  stepsPerDay: number;
  /** Minimum real time of a step, in milliseconds. */
  stepMs: number;
  /** Number of measures in a day. */
  measuresPerDay: number;
  log: (line: string) => void;
}

export interface SoakReport {
  /** Measures at the same times of each day, so that the fleets are equally large. Excludes the first day. */
  days: Measure[][];
  /** Measures before the first registration, and after the last deregistration. */
  before: Measure;
  after: Measure;
  revisions: number;
  registered: number;
  crashed: number;
}

/** Time between two progress reports of a long day. */
const LOG_EVERY_MS = 10_000;

/** Time until everything is closed, even on a slow machine. */
const EMPTY_WITHIN_MS = 30_000;

/** Watchers of the whole namespace. From time to time one loses its connection and reconnects. */
class Watchers {
  readonly #server: BenchServer;
  readonly #sockets: FrameSocket[] = [];
  frames = 0;

  constructor(server: BenchServer) {
    this.#server = server;
  }

  async open(count: number): Promise<void> {
    while (this.#sockets.length < count) this.#sockets.push(await this.#openOne());
  }

  async cut(index: number): Promise<void> {
    this.#sockets[index]?.destroy();
    this.#sockets[index] = await this.#openOne();
  }

  leave(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  async #openOne(): Promise<FrameSocket> {
    const socket = await this.#server.openSocket(`${NAMESPACE}/socket`);
    socket.onText = (bytes) => {
      this.frames += 1;
      // Grants credit for everything received: a watcher that grants none is disconnected.
      if (!bytes.includes('"type":"answer"')) socket.send(JSON.stringify({ type: 'credit', bytes: bytes.length }));
    };
    socket.send(JSON.stringify({ type: 'watch', id: 'w', watch: 'w', scope: {} }));
    return socket;
  }
}

async function batch(server: BenchServer, operations: object[]): Promise<void> {
  for (let first = 0; first < operations.length; first += BATCH_MAX_COUNT) {
    const body = JSON.stringify({ operations: operations.slice(first, first + BATCH_MAX_COUNT) });
    await server.must('POST', `${NAMESPACE}/batch`, body);
  }
}

/** Renews all instances; those that expired because this process was stalled register again. */
async function beat(server: BenchServer, alive: readonly Ref[], register: (refs: Ref[]) => Promise<void>) {
  for (let first = 0; first < alive.length; first += BATCH_MAX_COUNT) {
    const body = JSON.stringify({ instances: alive.slice(first, first + BATCH_MAX_COUNT) });
    const text = await server.must('POST', `${NAMESPACE}/heartbeat`, body);
    const { unknown } = JSON.parse(text) as { unknown: Ref[] }; // `as`: the registry's own tests check it
    if (unknown.length > 0) await register(unknown.map(({ service, id }) => ({ service, id })));
  }
}

/**
 * Measures until resources are released, or time runs out: instances expire after their time to live, and the platform
 * detects closed sockets late.
 */
async function measureEmpty(server: BenchServer, before: Measure): Promise<Measure> {
  const until = performance.now() + EMPTY_WITHIN_MS;
  for (;;) {
    const after = await measure(server);
    const isEmpty = after.instances === 0 && after.descriptors <= before.descriptors + SLACK_DESCRIPTORS;
    if (isEmpty || performance.now() > until) return after;
    await sleep(500);
  }
}

/** Runs a fleet's days in compressed time against a real registry, whose use of resources must be the same on each day. */
export async function soakRun(options: SoakOptions): Promise<SoakReport> {
  const { workspace, host, seed, days, stepsPerDay, stepMs, measuresPerDay, log } = options;
  const random = new SeededRandom(seed);
  const fleet = new FleetDay(random.fork(), stepsPerDay);
  const bundles = workspace.newFolder('bundles');
  const { registry } = await (host === 'workerd'
    ? workerdPrograms(bundles)
    : residentPrograms(findRuntime().name, bundles));
  const server = await BenchServer.start({ workspace, program: registry, inspector: true });
  const ttlMs = Math.max(TTL_LEAST_MS, TTL_STEPS * stepMs);
  await server.must('PATCH', NAMESPACE, JSON.stringify({ retention: RETENTION }));
  const before = await measure(server);
  const watchers = new Watchers(server);
  await watchers.open(WATCHERS);
  let registered = 0;
  const register = async (refs: Ref[]): Promise<void> => {
    registered += refs.length;
    const operations = refs.map((ref) => ({
      op: 'register',
      ...ref,
      ...referenceInstance(Number(ref.id.split('-')[1])),
      lease: { ttlMs },
    }));
    await batch(server, operations);
  };
  const deregister = (refs: Ref[]) =>
    batch(
      server,
      refs.map((ref) => ({ op: 'deregister', ...ref })),
    );
  const measured: Measure[][] = [];
  let loggedAt = performance.now();
  for (let day = 0; day < days; day++) {
    const ofDay: Measure[] = [];
    for (let index = 0; index < stepsPerDay; index++) {
      const began = performance.now();
      const step = fleet.step(index);
      await deregister(step.deregister);
      await register(step.register);
      await beat(server, step.beat, register);
      if (random.chance(CUTS_PER_STEP)) await watchers.cut(random.whole(0, WATCHERS - 1));
      if ((index + 1) % (stepsPerDay / measuresPerDay) === 0) ofDay.push(await measure(server));
      await sleep(Math.max(0, stepMs - (performance.now() - began)));
      if (performance.now() - loggedAt < LOG_EVERY_MS) continue;
      loggedAt = performance.now();
      log(`day ${day + 1} of ${days}: step ${index + 1} of ${stepsPerDay}`);
    }
    measured.push(ofDay);
    log(`day ${day + 1} of ${days}: ${JSON.stringify(ofDay.at(-1))}`);
  }
  const { revision, sinceStart } = await server.stats();
  await deregister(fleet.end());
  watchers.leave();
  const after = await measureEmpty(server, before);
  await server.stop();
  return {
    days: measured.slice(1),
    before,
    after,
    revisions: revision,
    registered,
    crashed: sinceStart.removed.expired ?? 0,
  };
}
