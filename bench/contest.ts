import type { Stats } from '../src/model/stats';
import { BenchServer, type ServerOptions } from './bench-server';
import type { FloorName } from './bench-workers';
import type { Bench, Figure, Finding, Goal } from './figure';
import type { Load, LoadRequest } from './load';
import { fill } from './population';
import { ratios, spread } from './statistics';

const CONNECTIONS = 32;

/** More than any Worker with an object answers: so many requests are made ready where none may come twice. */
const DISTINCT_REQUESTS_PER_SECOND = 40_000;

/** A figure that is a rate, and the floor it is compared with. Both get the very same requests. */
export interface Contest {
  name: string;
  title: string;
  /** Left out: only the rate is reported. */
  floor?: FloorName;
  goal?: Goal;
  note?: string;
  method: Load['method'];
  /** Default 32. */
  connections?: number;
  /** Request number `n`. */
  request(n: number): LoadRequest;
  /** After so many requests the first comes again. Left out: never. */
  cycle?: number;
  /** What a request counts for in the rate. Default: one request. */
  counts?: { each: number; unit: string };
  /** Instances that the namespace holds before. */
  population: number;
  /** The load renews the instances, so that they need no lease that outlives the run. */
  renews?: boolean;
  /** Each round begins with new servers, because the load fills them. */
  fresh?: boolean;
  /** Further preparation of the filled registry. */
  prepare?(registry: BenchServer): Promise<void>;
  /** Looks at the registry's answer to the first request; throws if it is not what was asked for. */
  check(answer: string): void;
  /** Looks at what the registry counted while it answered so many requests, warm-up included; throws if it can't be. */
  verify?(before: Stats, after: Stats, answered: number): void;
}

/** A server under the load of a contest. */
export class Side {
  readonly server: BenchServer;
  readonly #contest: Contest;
  readonly #seconds: number;
  /** Number of the next request: the check has made the first. */
  #next = 1;
  #answered = 0;

  constructor(server: BenchServer, contest: Contest, seconds: number) {
    this.server = server;
    this.#contest = contest;
    this.#seconds = seconds;
  }

  /** Requests answered so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Loads it once; returns the rate. */
  async run(): Promise<number> {
    const { name, method, connections = CONNECTIONS, counts, cycle, request } = this.#contest;
    const first = this.#next;
    const length = cycle ?? DISTINCT_REQUESTS_PER_SECOND * this.#seconds;
    const number = (index: number) => (cycle === undefined ? first + index : (first + index) % cycle);
    const requests = Array.from({ length }, (_, index) => request(number(index)));
    const load: Load = { method, requests, connections, seconds: this.#seconds };
    let result = await this.server.drive(load);
    // A disk that stalls for the whole of a run happens on busy machines; twice is no accident.
    if (result.requests === 0) result = await this.server.drive(load);
    if (result.requests === 0) throw new Error(`${name}: no answer in two runs of ${this.#seconds} s`);
    // Up to one more for each connection was on its way at the end, carried out or not.
    this.#next += result.requests + connections;
    this.#answered += result.requests;
    if (cycle === undefined && this.#next > first + length) {
      throw new Error(`${name}: wrk sent all of the ${length} requests that were made ready for it`);
    }
    return result.perSecond * (counts?.each ?? 1);
  }
}

/** A registry that is filled, gives the right answer and is warm. */
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
    const { workspace, workers } = bench;
    const server = await BenchServer.start({ workspace, worker: workers.registry, ...options });
    if (contest.population > 0) await fill(server, contest.population, { longLease: !contest.renews });
    await contest.prepare?.(server);
    const before = await server.stats();
    const first = contest.request(0);
    contest.check(await server.must(contest.method, first.path, first.body));
    const side = new Side(server, contest, bench.seconds);
    await side.run();
    return new RegistrySide(side, contest, before);
  }

  /** Stops it, after a look at what it counted. */
  async finish(): Promise<void> {
    const { server, answered } = this.side;
    this.#contest.verify?.(this.#before, await server.stats(), answered);
    await server.stop();
  }
}

async function startFloor(bench: Bench, contest: Contest, floor: FloorName): Promise<Side> {
  const server = await BenchServer.start({ workspace: bench.workspace, worker: bench.workers[floor] });
  const side = new Side(server, contest, bench.seconds);
  await side.run();
  return side;
}

/** Rates of registry and floor, one of each for every round. */
async function play(bench: Bench, contest: Contest): Promise<{ rates: number[]; floors: number[] }> {
  const rates: number[] = [];
  const floors: number[] = [];
  let registry: RegistrySide | undefined;
  let floor: Side | undefined;
  for (let round = 0; round < bench.rounds; round++) {
    registry ??= await RegistrySide.start(bench, contest);
    if (contest.floor !== undefined) floor ??= await startFloor(bench, contest, contest.floor);
    // Turns about, so that neither is always the one that comes first.
    if (floor !== undefined && round % 2 === 0) floors.push(await floor.run());
    rates.push(await registry.side.run());
    if (floor !== undefined && round % 2 === 1) floors.push(await floor.run());
    const against = floor === undefined ? '' : `, ${contest.floor} ${floors.at(-1)?.toFixed(0)}`;
    bench.say(`${contest.name} ${round + 1}/${bench.rounds}: ${rates.at(-1)?.toFixed(0)}${against}`);
    if (contest.fresh || round === bench.rounds - 1) {
      await registry.finish();
      await floor?.server.stop();
      registry = floor = undefined;
    }
  }
  return { rates, floors };
}

/** The figure that a contest measures. */
export function contestFigure(contest: Contest): Figure {
  const { name, title, floor, goal, note, counts } = contest;
  const measure = async (bench: Bench): Promise<Finding[]> => {
    const { rates, floors } = await play(bench, contest);
    const finding: Finding = { figure: name, title, unit: counts?.unit ?? 'requests/s', value: spread(rates) };
    if (floor !== undefined) {
      finding.floor = { name: floor, value: spread(floors) };
      finding.ratio = spread(ratios(rates, floors));
    }
    if (goal !== undefined) finding.goal = goal;
    if (note !== undefined) finding.note = note;
    return [finding];
  };
  return { name, measure };
}
