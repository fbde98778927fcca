import type { Stats } from '../src/model/stats';
import { BenchServer, type ServerOptions } from './bench-server';
import type { Bench, Figure, Finding, Goal } from './figure';
import type { Load, LoadRequest } from './load';
import { fill } from './population';
import { type FloorName, HOMES } from './program';
import { ratios, spread } from './statistics';

const CONNECTIONS = 32;

/** Number of distinct requests prepared if none may be repeated: more than any Worker with an object answers. */
const DISTINCT_REQUESTS_PER_SECOND = 40_000;

/** Number of registrations after which a server is replaced, well below the limit of a namespace. */
const FILLED_COUNT = 50_000;

/** Number of warm-up turns. After a single one V8 still compiles. */
const WARM_UP_TURNS = 2;

/** The floor of a contest in one kind of home, and the goal for the ratio. */
export interface Against {
  floor: FloorName;
  goal?: Goal;
}

/** A figure that is a rate, and the floor it is compared with. Both receive the same requests. */
export interface Contest {
  name: string;
  title: string;
  /** Floors by host. Default: none, and only the rate is reported. */
  against?: { resident: Against; workerd: Against };
  note?: string;
  method: Load['method'];
  /** Default 32. */
  connections?: number;
  /** Returns request number `n`. */
  request(n: number): LoadRequest;
  /** Number of requests after which the first is repeated. Default: never. */
  cycle?: number;
  /** Units that one request counts for in the rate. Default: one request. */
  counts?: { each: number; unit: string };
  /** Number of instances in the namespace before the load. */
  population: number;
  /** True if the load renews the instances, so they need no long lease. */
  renews?: boolean;
  /** True if the load fills servers, which are then replaced from time to time. */
  fresh?: boolean;
  /** Further preparation of the filled registry. */
  prepare?(registry: BenchServer): Promise<void>;
  /** Checks the registry's answer to the first request; throws if it is wrong. */
  check(answer: string): void;
  /** Checks the registry's counters against the number of answered requests, warm-up included; throws if they disagree. */
  verify?(before: Stats, after: Stats, answered: number): void;
}

/** Result of one turn under load. */
export interface Turn {
  perSecond: number;
  /** Processor time of the server for each request, in microseconds. */
  processorUs: number;
}

/** A server under the load of a contest. */
export class Side {
  readonly server: BenchServer;
  readonly #contest: Contest;
  readonly #seconds: number;
  /** Number of the next request. The check has sent the first one. */
  #next = 1;
  #answered = 0;

  constructor(server: BenchServer, contest: Contest, seconds: number) {
    this.server = server;
    this.#contest = contest;
    this.#seconds = seconds;
  }

  /** Number of requests answered so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Runs the load once. */
  async run(): Promise<Turn> {
    const { name, method, connections = CONNECTIONS, counts, cycle, request } = this.#contest;
    const first = this.#next;
    const length = cycle ?? DISTINCT_REQUESTS_PER_SECOND * this.#seconds;
    const number = (index: number) => (cycle === undefined ? first + index : (first + index) % cycle);
    const requests = Array.from({ length }, (_, index) => request(number(index)));
    const load: Load = { method, requests, connections, seconds: this.#seconds };
    let result = await this.server.drive(load);
    // On a busy machine the disk may stall for a whole run. A second stall is reported as an error.
    if (result.requests === 0) result = await this.server.drive(load);
    if (result.requests === 0) throw new Error(`${name}: no response in two runs of ${this.#seconds} s`);
    // At the end, each connection may have had one more request in flight, carried out or not.
    this.#next += result.requests + connections;
    this.#answered += result.requests;
    if (cycle === undefined && this.#next > first + length) {
      throw new Error(`${name}: wrk sent all ${length} prepared requests`);
    }
    return { perSecond: result.perSecond * (counts?.each ?? 1), processorUs: result.processorUs };
  }
}

async function warmUp(side: Side): Promise<void> {
  for (let turn = 0; turn < WARM_UP_TURNS; turn++) await side.run();
}

/** A registry that is filled, checked and warmed up. */
export class RegistrySide {
  readonly side: Side;
  readonly #contest: Contest;
  readonly #before: Stats;

  private constructor(side: Side, contest: Contest, before: Stats) {
    this.side = side;
    this.#contest = contest;
    this.#before = before;
  }

  static async start(
    bench: Bench,
    contest: Contest,
    options: Pick<ServerOptions, 'env' | 'inspector'> = {},
  ): Promise<RegistrySide> {
    const { workspace, programs } = bench;
    const server = await BenchServer.start({ workspace, program: programs.registry, ...options });
    if (contest.population > 0) await fill(server, contest.population, { longLease: !contest.renews });
    await contest.prepare?.(server);
    const before = await server.stats();
    const first = contest.request(0);
    contest.check(await server.must(contest.method, first.path, first.body));
    const side = new Side(server, contest, bench.seconds);
    await warmUp(side);
    return new RegistrySide(side, contest, before);
  }

  /** Verifies the counters of the registry, and stops it. */
  async finish(): Promise<void> {
    const { server, answered } = this.side;
    this.#contest.verify?.(this.#before, await server.stats(), answered);
    await server.stop();
  }
}

async function startFloor(bench: Bench, contest: Contest, floor: FloorName): Promise<Side> {
  const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.floor(floor) });
  const side = new Side(server, contest, bench.seconds);
  await warmUp(side);
  return side;
}

/** Runs the turns of registry and floor, one of each in every round. */
async function play(bench: Bench, contest: Contest, floorName?: FloorName): Promise<{ turns: Turn[]; floors: Turn[] }> {
  const turns: Turn[] = [];
  const floors: Turn[] = [];
  let registry: RegistrySide | undefined;
  let floor: Side | undefined;
  for (let round = 0; round < bench.rounds; round++) {
    registry ??= await RegistrySide.start(bench, contest);
    if (floorName !== undefined) floor ??= await startFloor(bench, contest, floorName);
    // Alternate, so that neither side is always first.
    if (floor !== undefined && round % 2 === 0) floors.push(await floor.run());
    turns.push(await registry.side.run());
    if (floor !== undefined && round % 2 === 1) floors.push(await floor.run());
    const against = floor === undefined ? '' : `, ${floorName} ${floors.at(-1)?.perSecond.toFixed(0)}`;
    bench.log(`${contest.name} ${round + 1}/${bench.rounds}: ${turns.at(-1)?.perSecond.toFixed(0)}${against}`);
    const registered = registry.side.answered * (contest.counts?.each ?? 1);
    if ((contest.fresh && registered > FILLED_COUNT) || round === bench.rounds - 1) {
      await registry.finish();
      await floor?.server.stop();
      registry = floor = undefined;
    }
  }
  return { turns, floors };
}

const rates = (turns: readonly Turn[]): number[] => turns.map(({ perSecond }) => perSecond);
const processorTimes = (turns: readonly Turn[]): number[] => turns.map(({ processorUs }) => processorUs);

/** Returns the finding of a registry's turns, compared with another side's if given. */
export function comparedTurns(
  about: Pick<Finding, 'figure' | 'title' | 'unit'>,
  turns: readonly Turn[],
  against?: { name: string; turns: readonly Turn[] },
): Finding {
  const finding: Finding = { ...about, value: spread(rates(turns)), processorUs: spread(processorTimes(turns)) };
  if (against === undefined) return finding;
  const floor = {
    name: against.name,
    value: spread(rates(against.turns)),
    processorUs: spread(processorTimes(against.turns)),
  };
  return { ...finding, floor, ratio: spread(ratios(rates(turns), rates(against.turns))) };
}

/** Returns the figure that measures a contest. */
export function contestFigure(contest: Contest): Figure {
  const { name, title, note, counts } = contest;
  const measure = async (bench: Bench): Promise<Finding[]> => {
    const against = contest.against?.[bench.programs.home === 'workerd' ? 'workerd' : 'resident'];
    const { turns, floors } = await play(bench, contest, against?.floor);
    const about = { figure: name, title, unit: counts?.unit ?? 'requests/s' };
    const finding = comparedTurns(about, turns, against && { name: against.floor, turns: floors });
    // Goals are those of the default runtime.
    if (against?.goal !== undefined && bench.programs.home !== 'node') finding.goal = against.goal;
    if (note !== undefined) finding.note = note;
    return [finding];
  };
  return { name, homes: HOMES, measure };
}
