import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosProxy } from '../client/chaos-proxy';
import { type Host, startOn } from '../programs/host';
import { SeededRandom } from '../simulation/seeded-random';
import { judge, settle } from './end-state';
import { type FaultCounts, fault, noFaults } from './faults';
import { Fleet } from './fleet';

/** Number of client groups. Each has its own proxy, so that a fault affects one group. */
const PROXIES = 8;

/** Longest time that a fleet may take to recover from the last fault. */
const RECOVERY_MAX_MS = 60_000;

/** Intervals between actions of the fleet, and between faults, in milliseconds. */
const MOVE_EVERY_MS = 20;
const FAULT_EVERY_MS = [200, 3_000] as const;

/** Longest standstill of a process that doesn't count for its clients, in milliseconds. */
const TICK_MS = 20;

export interface ChaosOptions {
  host: Host;
  seed: number;
  clients: number;
  seconds: number;
  /** An empty folder. */
  data: string;
  log: (line: string) => void;
  /** Path of another program of the resident host, such as one with a defect. */
  residentPath?: string;
  /** Longest time that the fleet may take to recover, in milliseconds. */
  recoveryMaxMs?: number;
}

export interface ChaosReport {
  violations: string[];
  faults: FaultCounts;
  /** Actions of the clients. */
  moves: { changes: number; restarts: number; crashes: number };
  /** Number of justified expiries. */
  expired: number;
  /** Time from the last fault until registry, clients and watches agreed, in milliseconds. */
  recoveredMs: number;
  /** Longest standstill of this process, in milliseconds. Its clients may be late by this much. */
  stoodStillMs: number;
}

/** Measures the longest standstill of this process. */
function watchStandstill(): { mostMs: () => number; stop: () => void } {
  let most = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    most = Math.max(most, now - last - TICK_MS);
    last = now;
  }, TICK_MS);
  return { mostMs: () => most, stop: () => clearInterval(timer) };
}

/**
 * Subjects a fleet of clients to faults, and then lets it recover. The registry must end up with the clients' state, no
 * lease may have expired while its client could rely on it, and nothing may be left behind.
 */
export async function chaosRun(options: ChaosOptions): Promise<ChaosReport> {
  const { host, seed, clients, seconds, data, log, residentPath, recoveryMaxMs = RECOVERY_MAX_MS } = options;
  const random = new SeededRandom(seed);
  const registry = await startOn(host, { data, residentPath });
  const [first, ...others] = await Promise.all(Array.from({ length: PROXIES }, () => ChaosProxy.start(registry.url)));
  if (first === undefined) throw new Error('there are no proxies');
  const fleet = new Fleet(registry, [first, ...others], random.fork());
  const standstill = watchStandstill();
  const faults = noFaults();
  const violations: string[] = [];
  const pending = new Set<Promise<void>>();
  const spawn = (work: Promise<void>): void => {
    const noted = work.catch((error: unknown) => void violations.push(`the run itself failed: ${error}`));
    pending.add(noted);
    void noted.then(() => pending.delete(noted));
  };
  try {
    while (fleet.members.length < clients) fleet.members.push(fleet.add());
    await Promise.all(fleet.members.map((member) => member.settled()));
    log(`${clients} clients are registered`);
    const end = performance.now() + seconds * 1_000;
    const faulting = random.fork();
    const breakThings = async (): Promise<void> => {
      while (performance.now() < end) {
        await sleep(faulting.magnitude(...FAULT_EVERY_MS));
        spawn(fault(faulting, fleet.proxies, registry, faults));
      }
    };
    spawn(breakThings());
    for (let loggedAt = performance.now(); performance.now() < end; ) {
      await sleep(MOVE_EVERY_MS);
      spawn(fleet.move());
      if (performance.now() - loggedAt > 10_000) {
        loggedAt = performance.now();
        log(`${Math.round((end - loggedAt) / 1_000)} s left, ${JSON.stringify(faults)} ${JSON.stringify(fleet.moves)}`);
      }
    }
    log('no more faults');
    while (pending.size > 0) await Promise.all(pending);
    for (const proxy of fleet.proxies) {
      proxy.heal();
      // Half-open connections stay half open, as on a real network: clients have to detect them.
    }
    const inPeace = performance.now();
    violations.push(...(await settle(registry, fleet.members, recoveryMaxMs)));
    const recoveredMs = performance.now() - inPeace;
    log(`recovered in ${Math.round(recoveredMs)} ms`);
    const judged = await judge(registry, fleet, standstill.mostMs());
    violations.push(...judged.violations);
    const stoodStillMs = standstill.mostMs();
    return { violations, faults, moves: fleet.moves, expired: judged.expired, recoveredMs, stoodStillMs };
  } finally {
    standstill.stop();
    await Promise.all(fleet.members.map((member) => member.close()));
    for (const proxy of fleet.proxies) proxy.stop();
    await registry.stop();
  }
}
