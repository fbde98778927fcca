import { Balancer, RetryBudget } from '../../src/client/resolve/balancer';
import type { Endpoint } from '../../src/client/resolve/endpoint';
import { OutlierEjection } from '../../src/client/resolve/outlier-ejection';
import type { Selector } from '../../src/client/resolve/selector';
import { clientInstance } from '../fixtures/client-instance';
import { SeededRandom } from '../simulation/seeded-random';
import { EventQueue } from './event-queue';
import { type Character, Server } from './server';

export interface FleetRun {
  seed: number;
  /** Character of each instance. */
  characters: readonly Character[];
  /** Creates the selector of a client from the client's id. */
  selector: (clientId: string) => Selector;
  ejects: boolean;
  /** Maximum number of attempts for one call. */
  maxAttempts: number;
  clients: number;
  callsPerSecond: number;
  seconds: number;
}

/** Results that callers saw after the warm-up. */
export interface FleetResult {
  /** Latency of each answered call in milliseconds, sorted. */
  latencies: Float64Array;
  /** Share of calls that failed after all their attempts. */
  errors: number;
  /** Average number of attempts per call. */
  attempts: number;
}

/** Warm-up that is not counted, because everything is new. */
const WARM_UP_MS = 10_000;

/** Timeout of a call. */
const TIMEOUT_MS = 1_000;

/** Number of distinct keys that calls are made for. */
const KEYS = 10_000;

/** Simulates calls of some clients to a fleet in virtual time, with the client's own balancing and simulated servers. */
export function runFleet(run: FleetRun): FleetResult {
  const queue = new EventQueue();
  const random = new SeededRandom(run.seed);
  const endpoints: Endpoint[] = run.characters.map((_, index) => {
    const id = `i${String(index).padStart(2, '0')}`;
    const zone = index % 2 === 0 ? 'even' : 'odd';
    return { id, url: `http://${id}`, instance: clientInstance(id, { location: { zone } }) };
  });
  const servers = new Map(
    endpoints.map((endpoint, index) => [
      endpoint,
      new Server(queue, random.fork(), run.characters[index] as Character),
    ]), // `as`: one for each
  );
  const latencies: number[] = [];
  let calls = 0;
  let errors = 0;
  let attempts = 0;

  for (let client = 0; client < run.clients; client++) {
    const chance = random.fork();
    const arrivals = random.fork();
    const balancer = new Balancer({
      selector: run.selector(`client-${client}`),
      ejection: run.ejects ? new OutlierEjection() : undefined,
      time: { now: () => queue.now, random: () => chance.fraction() },
    });
    balancer.endpoints = endpoints;
    const budget = new RetryBudget();

    const call = () => {
      const began = queue.now;
      const counts = began >= WARM_UP_MS;
      const picker = balancer.picker(`key-${arrivals.whole(1, KEYS)}`);
      budget.request(began);
      const attempt = () => {
        const going = picker.next();
        if (going === undefined) throw new Error('the fleet has no instance left');
        if (counts) attempts += 1;
        let isOver = false;
        const end = (failed: boolean) => {
          if (isOver) return;
          isOver = true;
          going.end(failed ? 'failure' : 'success');
          if (!failed) {
            if (counts) latencies.push(queue.now - began);
          } else if (picker.tried.length < run.maxAttempts && budget.tryRetry(queue.now)) attempt();
          else if (counts) errors += 1;
        };
        servers.get(going.endpoint)?.call(end);
        queue.after(TIMEOUT_MS, () => end(true));
      };
      if (counts) calls += 1;
      attempt();
    };
    const meanMs = (1_000 * run.clients) / run.callsPerSecond;
    const next = () => {
      call();
      queue.after(-Math.log(1 - arrivals.fraction()) * meanMs, next);
    };
    queue.after(arrivals.between(0, meanMs), next);
  }

  queue.runUntil(WARM_UP_MS + run.seconds * 1_000);
  return { latencies: Float64Array.from(latencies).sort(), errors: errors / calls, attempts: attempts / calls };
}

/** @param share For example 0.99. */
export function percentile({ latencies }: FleetResult, share: number): number {
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
}
