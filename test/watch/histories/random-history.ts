import { SCENARIOS, type Scenario } from '../../simulation/scenario';
import { SeededRandom } from '../../simulation/seeded-random';
import { GROUP, populate, trouble } from '../../simulation/simulate';
import { VirtualTime } from '../../simulation/virtual-time';
import { World } from '../../simulation/world';
import { BULK, BulkWriter } from './bulk-writer';
import type { Received, StreamHistory } from './stream-history';
import { Truth } from './truth';
import { validate } from './validators';
import { type Manner, WatchingClient } from './watching-client';

/** Time without faults at the end: everything broken recovers within it. */
const REST_MS = 3 * 60_000;

/** Time within which everything requested at the end arrives. */
const DELIVERY_MS = 20_000;

/** Result of a history. */
export interface HistoryReport {
  seed: number;
  /** Simulated time. */
  minutes: number;
  revisions: number;
  counts: World['counts'];
  streams: number;
  links: number;
  frames: Record<string, number>;
  /** Number of changes of entries in frames. */
  entries: number;
  /** Number of watch sockets that the registry closed, by code. */
  closings: Record<string, number>;
  problems: { guarantee: string; what: string }[];
  /** The last events, if there was a problem. */
  trace: string;
}

/**
 * Runs writers and watchers on a registry with faults for a few simulated minutes, and then checks the frames of each
 * watcher against the guarantees. The same seed gives the same history.
 *
 * @param watched Adds calls that mention this text to the trace.
 */
export async function randomHistory(seed: number, watched?: string): Promise<HistoryReport> {
  const random = new SeededRandom(seed);
  const scenario = someScenario(random);
  const time = new VirtualTime();
  const world = new World(time, random, scenario, watched);
  const truth = new Truth();
  truth.freezes = world.freezes;
  world.onRevision.push((revision, at) => truth.add(epochOf(world), revision, at, world.chronicle.replica));
  try {
    populate(world);
    if (random.chance(0.3)) void new BulkWriter(world).live();
    const clients = someClients(world);
    for (const client of clients) void client.live();
    trouble(world);
    look(world);
    const end = Math.round(scenario.hours * 60) * MINUTE_MS;
    await time.runUntil(end, () => world.failed);
    await settle(world, clients, end);
    const streams = clients.flatMap((client) => client.streams);
    const problems = world.problems.map(({ invariant, what }) => ({ guarantee: invariant, what }));
    if (!world.failed) problems.push(...streams.flatMap((stream) => validate(stream, truth)));
    return report(seed, world, streams, problems);
  } finally {
    world.machine.disk.close();
  }
}

/** Makes every watcher keep its socket, and waits until each has received all changes. */
async function settle(world: World, clients: WatchingClient[], end: number): Promise<void> {
  world.faultsRest = true;
  for (const client of clients) client.settle();
  await world.time.runUntil(end + REST_MS, () => world.failed);
  for (const client of clients) client.settle();
  await world.time.runUntil(end + REST_MS + DELIVERY_MS, () => world.failed);
  world.chronicle.follow();
}

/** Reads the journal before parts of it are compacted. */
function look(world: World): void {
  world.chronicle.follow();
  world.time.after(1_000, () => look(world));
}

function epochOf(world: World): string {
  for (const [epoch] of world.machine.disk.plain.read("SELECT value FROM property WHERE name = 'epoch'"))
    return String(epoch);
  return '';
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

function someScenario(random: SeededRandom): Scenario {
  const { stormy } = SCENARIOS;
  if (stormy === undefined) throw new Error('there is no stormy scenario');
  const isCalm = random.chance(0.2);
  return {
    ...stormy,
    name: 'history',
    holders: random.whole(2, 14),
    sessions: random.whole(0, 4),
    keepers: random.whole(0, 4),
    bulkKeepers: Number(random.chance(0.1)),
    services: 3,
    ttlMs: { from: 2 * SECOND_MS, to: 30 * SECOND_MS },
    lifeTtls: { from: 0.5, to: 20 },
    hours: random.whole(2, 6) / 60,
    crashes: isCalm ? null : { from: 10 * SECOND_MS, to: 5 * MINUTE_MS },
    outageMs: { from: 100, to: 20 * SECOND_MS },
    isDrowsy: true,
    hibernations: { from: SECOND_MS, to: MINUTE_MS },
    ...(isCalm
      ? {}
      : { freezes: { from: 5 * SECOND_MS, to: 3 * MINUTE_MS }, freezeMs: { from: 50, to: 20 * SECOND_MS } }),
    commitFailures: isCalm ? null : { from: 30 * SECOND_MS, to: 10 * MINUTE_MS },
    alarm: { seconds: 0.05, minutes: 0, hours: 0, again: 0.1 },
    operations: { from: 100, to: 10 * SECOND_MS },
    reads: { from: SECOND_MS, to: 30 * SECOND_MS },
    retention: {
      maxCount: 100_000,
      maxAgeMs: random.pick([20 * SECOND_MS, MINUTE_MS, 60 * MINUTE_MS]),
      maxBytes: 1e12,
    },
  };
}

const SCOPES: [object, ...object[]] = [
  {},
  {},
  { groups: [GROUP] },
  { groups: [BULK.group, 'batches'] },
  { services: ['service-0'] },
  { services: ['service-1', 'service-2', 'nothing'] },
  { services: ['batches@@batch'], groups: ['nowhere'] },
  { services: ['nothing'] },
  { services: [`${BULK.group}@@${BULK.service}`, 'service-0', 'service-0'] },
  { keys: [{ prefix: '' }] },
  { keys: [{ prefix: 'lease-' }, { key: 'locks/a' }, { key: 'shared/a' }] },
  { keys: [{ from: 'locks/', to: 'shared/b' }, { prefix: 'locks/' }], services: ['service-0'] },
  { keys: [{ key: 'nothing' }], groups: [GROUP] },
];

function someClients(world: World): WatchingClient[] {
  const { random } = world;
  return Array.from({ length: random.whole(3, 6) }, (_, index) => {
    const slownessMs = random.pick([0, 0, 2_000, 30_000, 600_000]);
    // A slow watcher stays slow until too much data waits for it.
    const isSlow = slownessMs >= 30_000;
    const manner: Manner = {
      slownessMs,
      replaces: !isSlow,
      socketMs: { from: isSlow ? 2 * MINUTE_MS : 2 * SECOND_MS, to: 10 * MINUTE_MS },
      awayMs: { from: 10, to: random.pick([SECOND_MS, MINUTE_MS]) },
      watches: random.whole(1, 3),
    };
    return new WatchingClient(world, `watcher-${index}`, manner, () => random.pick(SCOPES));
  });
}

function report(
  seed: number,
  world: World,
  streams: StreamHistory[],
  problems: HistoryReport['problems'],
): HistoryReport {
  const links = streams.flatMap((stream) => stream.links);
  const frames = links.flatMap(({ received }) => received);
  return {
    seed,
    minutes: world.time.now / MINUTE_MS,
    revisions: world.chronicle.seen.revisions,
    counts: world.counts,
    streams: streams.length,
    links: links.length,
    frames: counted(frames.map(kindOf)),
    entries: frames.flatMap((frame) => ('changes' in frame ? frame.changes.filter(({ key }) => key !== undefined) : []))
      .length,
    closings: counted(links.flatMap(({ closedWith }) => (closedWith === undefined ? [] : [String(closedWith)]))),
    problems,
    trace: problems.length > 0 ? world.trace.text() : '',
  };
}

/** Distinguishes frames that come in parts. */
function kindOf(frame: Received): string {
  const isPart = 'part' in frame && !(frame.part === 0 && frame.last);
  return isPart ? `part of ${frame.type}` : frame.type;
}

function counted(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
