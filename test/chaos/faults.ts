import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosProxy } from '../client/chaos-proxy';
import type { RunningRegistry } from '../programs/registry';
import type { SeededRandom } from '../simulation/seeded-random';

/** Relative frequency of each fault. */
const WEIGHTS = { cut: 4, reset: 4, delay: 3, throttle: 2, 'half-open': 3, deafen: 2, refuse: 2, kill: 1, freeze: 1 };
export type Fault = keyof typeof WEIGHTS;

/** Time after which a network forgets idle connections, in milliseconds. */
const FORGOTTEN_AFTER_MS = 30_000;

/** Number of faults, by kind. */
export type FaultCounts = Record<Fault, number>;

export const noFaults = (): FaultCounts => ({
  cut: 0,
  reset: 0,
  delay: 0,
  throttle: 0,
  'half-open': 0,
  deafen: 0,
  refuse: 0,
  kill: 0,
  freeze: 0,
});

/** Applies one fault, chosen by the seed, to a proxy or the registry, and repairs it after a while. */
export async function fault(
  random: SeededRandom,
  proxies: readonly [ChaosProxy, ...ChaosProxy[]],
  registry: RunningRegistry,
  counts: FaultCounts,
): Promise<void> {
  const kind = random.weighted(WEIGHTS);
  const proxy = random.pick(proxies);
  const lastsMs = random.magnitude(200, 12_000);
  const delayMs = random.whole(5, 800);
  counts[kind] += 1;
  if (kind === 'kill') return registry.kill('SIGKILL');
  if (kind === 'freeze') return freeze(registry.pid, lastsMs);
  if (kind === 'cut') return proxy.cut();
  if (kind === 'reset') return proxy.reset();
  if (kind === 'half-open' || kind === 'deafen') setTimeout(() => proxy.forgetHalfOpen(), FORGOTTEN_AFTER_MS).unref();
  if (kind === 'half-open') return proxy.halfOpen();
  if (kind === 'delay') proxy.delay(delayMs);
  if (kind === 'throttle') proxy.throttle(20_000);
  if (kind === 'deafen') proxy.deafen();
  if (kind === 'refuse') proxy.refuse();
  await sleep(lastsMs);
  proxy.heal();
}

/** Freezes a process for a while. Does nothing if it was already killed. */
async function freeze(pid: number, ms: number): Promise<void> {
  signal(pid, 'SIGSTOP');
  await sleep(ms);
  signal(pid, 'SIGCONT');
}

/** Sends a signal to a process that may be gone, because it was killed and its successor has not started yet. */
function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
