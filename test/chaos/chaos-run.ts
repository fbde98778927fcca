import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosProxy } from '../client/chaos-proxy';
import { type Host, startOn } from '../programs/host';
import { SeededRandom } from '../simulation/seeded-random';
import { judge, settle } from './end-state';
import { type FaultCounts, fault, noFaults } from './faults';
import { Fleet } from './fleet';

/** Groups of clients, each behind a proxy of its own: a fault meets one of them. */
const PROXIES = 8;

/** How long a fleet may take to recover from the last fault. */
const RECOVERY_MAX_MS = 60_000;

/** Times between what the fleet does, and between faults, in milliseconds. */
const MOVE_EVERY_MS = 20;
const FAULT_EVERY_MS = [200, 3_000] as const;

/** How long a process may stand still before that counts for its clients, in milliseconds. */
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
  /** How long the fleet may take to recover, in milliseconds. */
  recoveryMaxMs?: number;
}

export interface ChaosReport {
  violations: string[];
  faults: FaultCounts;
  /** What the clients did. */
  moves: { changes: number; restarts: number; crashes: number };
  /** Expiries that the registry saw, rightly. */
  expired: number;
  /** From the last fault until registry, clients and watches agreed, in milliseconds. */
  recoveredMs: number;
  /** Longest time that this process stood still, in milliseconds: by so much its clients may be late. */
  stoodStillMs: number;
}

/** Measures how long this process stands still at most. */
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
 * A fleet of clients lives through faults, and is then left in peace: the registry must end up with what the clients
 * hold, no lease may have expired that its client could rely on, and nothing may be left behind.
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
    for (let told = performance.now(); performance.now() < end; ) {
      await sleep(MOVE_EVERY_MS);
      spawn(fleet.move());
      if (performance.now() - told > 10_000) {
        told = performance.now();
        log(`${Math.round((end - told) / 1_000)} s left, ${JSON.stringify(faults)} ${JSON.stringify(fleet.moves)}`);
      }
    }
    log('no more faults');
    while (pending.size > 0) await Promise.all(pending);
    for (const proxy of fleet.proxies) {
      proxy.heal();
      // What went half open stays so, as in life: only the clients' own care finds it out.
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
