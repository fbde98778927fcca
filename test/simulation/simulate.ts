import type { InstanceKey } from '../../src/model/batch';
import type { ServiceKey } from '../../src/model/namespace-api';
import { EntryReader } from './entry-reader';
import { EntryWriter } from './entry-writer';
import { Holder } from './holder';
import { LeaseKeeper } from './lease-keeper';
import { Operator } from './operator';
import { Reader } from './reader';
import type { Every, Scenario } from './scenario';
import { SeededRandom } from './seeded-random';
import { SessionHolder } from './session-holder';
import { VirtualTime } from './virtual-time';
import { type Problem, World } from './world';

const HOUR_MS = 3_600_000;

/** Time without faults at the end, so that pending work finishes. */
const REST_MS = 2 * HOUR_MS;

export const GROUP = 'DEFAULT_GROUP';

/** Result of a run. */
export interface SimulationReport {
  scenario: string;
  seed: number;
  /** Simulated hours, and the total hours of instances with a lease. */
  hours: number;
  leaseHours: number;
  revisions: number;
  replays: number;
  rowsCompared: number;
  counts: World['counts'];
  leases: World['leases']['counts'];
  sessions: World['sessions']['counts'];
  granted: World['granted']['counts'];
  problems: Problem[];
  /** The last events, if there was a problem. */
  trace: string;
}

/**
 * Runs a scenario. The same seed gives the same run, event by event.
 *
 * @param watched Adds calls that mention this text to the trace.
 * @param onProgress Receives the progress from time to time: hours of the scenario, and lease-hours.
 */
export async function simulate(
  scenario: Scenario,
  seed: number,
  watched?: string,
  onProgress: (hours: number, leaseHours: number) => void = () => {},
): Promise<SimulationReport> {
  const time = new VirtualTime();
  const world = new World(time, new SeededRandom(seed), scenario, watched);
  try {
    populate(world);
    trouble(world);
    const counted = count(world, onProgress);
    const end = scenario.hours * HOUR_MS;
    await time.runUntil(end, () => world.failed);
    if (!world.failed) {
      world.faultsRest = true;
      const isSettled = () => world.failed || (time.now > end && world.machine.idle && world.machine.awake);
      await time.runUntil(end + REST_MS, isSettled);
      world.checkUp();
      world.chronicle.replay();
    }
    return {
      scenario: scenario.name,
      seed,
      hours: time.now / HOUR_MS,
      leaseHours: counted.leaseHours,
      revisions: world.chronicle.seen.revisions,
      replays: world.chronicle.replays,
      rowsCompared: world.ledger.closings,
      counts: world.counts,
      leases: world.leases.counts,
      sessions: world.sessions.counts,
      granted: world.granted.counts,
      problems: world.problems,
      trace: world.failed ? world.trace.text() : '',
    };
  } finally {
    world.machine.disk.close();
  }
}

/** Adds holders, spread over services, readers and operators, and clients of entries and granted leases. */
export function populate(world: World): void {
  const { scenario } = world;
  const keys: InstanceKey[] = [];
  for (let index = 0; index < scenario.holders; index++) {
    keys.push({ group: GROUP, service: `service-${index % scenario.services}`, id: `i${index}` });
  }
  const services: ServiceKey[] = keys.slice(0, scenario.services).map(({ group, service }) => ({ group, service }));
  const [firstKey, ...otherKeys] = keys;
  const [firstService, ...otherServices] = services;
  if (firstKey === undefined || firstService === undefined) throw new Error('a scenario has at least one holder');
  for (const key of keys) void new Holder(world, key).live();
  void new Operator(world, [firstKey, ...otherKeys]).live();
  for (let index = 0; index < (scenario.sessions ?? 0); index++) {
    const services = `service-${index % scenario.services}`;
    const held = ['a', 'b', 'c'].map((letter) => ({ group: GROUP, service: services, id: `s${index}${letter}` }));
    void new SessionHolder(world, held).live();
  }
  const batches = { group: 'batches', service: 'batch' };
  for (let reader = 0; reader < 2; reader++) void new Reader(world, [firstService, ...otherServices, batches]).live();
  const { keepers = 0, bulkKeepers = 0 } = scenario;
  if (keepers + bulkKeepers === 0) return;
  for (let index = 0; index < keepers; index++) void new LeaseKeeper(world, `lease-${index}`, false).live();
  for (let index = 0; index < bulkKeepers; index++) void new LeaseKeeper(world, `bulk-${index}`, true).live();
  void new EntryWriter(world).live();
  void new EntryReader(world).live();
}

/** Adds faults, each kind at its own times. */
export function trouble(world: World): void {
  const { scenario, random } = world;
  const { crashes, hibernations, clockJumps, commitFailures, freezes, freezeMs } = scenario;
  const often = (every: Every | null | undefined, strike: () => void) => {
    if (every === null || every === undefined) return;
    const next = () => {
      if (!world.faultsRest) strike();
      world.time.after(random.magnitude(every.from, every.to), next);
    };
    world.time.after(random.magnitude(every.from, every.to), next);
  };
  often(crashes, () => {
    if (world.machine.up) world.crashSoon();
  });
  often(hibernations, () => world.hibernate());
  often(clockJumps, () => world.jump(someJump(random)));
  if (freezeMs !== undefined) often(freezes, () => world.freeze(random.magnitude(freezeMs.from, freezeMs.to)));
  often(commitFailures, () => world.machine.disk.failNextCommit());
}

/**
 * Returns a jump: mostly up to an hour either way; often a little back, as when a clock is corrected; sometimes anything.
 */
function someJump(random: SeededRandom): number {
  const kind = random.weighted({ hourOn: 2, hourBack: 2, littleBack: 4, any: 2 });
  if (kind === 'hourOn') return HOUR_MS;
  if (kind === 'hourBack') return -HOUR_MS;
  if (kind === 'littleBack') return -random.whole(1, 5_000);
  return Math.round(random.magnitude(1_000, HOUR_MS)) * random.pick([1, -1]);
}

/** Checks from time to time, and adds up lease-hours. */
function count(world: World, onProgress: (hours: number, leaseHours: number) => void): { leaseHours: number } {
  const counted = { leaseHours: 0 };
  const { time, scenario } = world;
  const { checkUps } = scenario;
  let last = 0;
  const next = () => {
    world.checkUp();
    counted.leaseHours += (world.leases.held * (time.now - last)) / HOUR_MS;
    last = time.now;
    onProgress(time.now / HOUR_MS, counted.leaseHours);
    time.after(world.random.magnitude(checkUps.from, checkUps.to), next);
  };
  time.after(1_000, next);
  return counted;
}
