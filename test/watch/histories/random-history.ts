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

/** After the end faults rest: what is broken by then is mended within this time. */
const REST_MS = 3 * 60_000;

/** And what is asked for then is there within this. */
const DELIVERY_MS = 20_000;

/** What came out of a history. */
export interface HistoryReport {
  seed: number;
  /** Simulated time. */
  minutes: number;
  revisions: number;
  counts: World['counts'];
  streams: number;
  links: number;
  frames: Record<string, number>;
  /** How often the registry closed the socket of a watch, by code. */
  closings: Record<string, number>;
  problems: { guarantee: string; what: string }[];
  /** The last events, where something was wrong. */
  trace: string;
}

/**
 * Writers and watchers over a registry in trouble, for a few simulated minutes; then everything that each watcher saw is
 * held to the guarantees. The same seed gives the same history.
 *
 * @param watched Calls that mention this are in the trace.
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

/** Every watcher keeps its socket now, and hears of all that was written. */
async function settle(world: World, clients: WatchingClient[], end: number): Promise<void> {
  world.faultsRest = true;
  for (const client of clients) client.settle();
  await world.time.runUntil(end + REST_MS, () => world.failed);
  for (const client of clients) client.settle();
  await world.time.runUntil(end + REST_MS + DELIVERY_MS, () => world.failed);
  world.chronicle.follow();
}

/** Reads on in the journal, so that nothing of it is compacted unread. */
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
];

function someClients(world: World): WatchingClient[] {
  const { random } = world;
  return Array.from({ length: random.whole(3, 6) }, (_, index) => {
    const slownessMs = random.pick([0, 0, 2_000, 30_000, 600_000]);
    // Whoever is slow is so for long, until too much waits.
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
    closings: counted(links.flatMap(({ closedWith }) => (closedWith === undefined ? [] : [String(closedWith)]))),
    problems,
    trace: problems.length > 0 ? world.trace.text() : '',
  };
}

/** Frames that come in parts are counted apart. */
function kindOf(frame: Received): string {
  const isPart = 'part' in frame && !(frame.part === 0 && frame.last);
  return isPart ? `part of ${frame.type}` : frame.type;
}

function counted(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
