import { profileWork } from '../profile';
import { Crowd } from './crowd';
import { type NacosBench, startNacos } from './nacos-bench';
import { crowdOf, pushingTurn } from './pushes';
import { registeringWork } from './rates';

/** Actions that can be profiled. */
export const PROFILES: readonly string[] = ['register', 'register-many', 'push', 'push-one'];

/** Number of turns under the profiler. */
const TURNS = 3;

/** Runs an action on a registry under V8's profiler, and returns the report. */
export async function profileNacos(bench: NacosBench, action: string): Promise<string> {
  const registry = await startNacos(bench, true);
  const work = await workOf(bench, action, registry);
  // Once without the profiler, so that V8 has compiled the hot functions.
  await work();
  const { rate, text } = await profileWork(bench.programs.registry, registry.server, async () => {
    const rates: number[] = [];
    while (rates.length < TURNS) rates.push(await work());
    return rates.at(-1) ?? 0;
  });
  await registry.server.stop();
  return `${action}: ${rate.toFixed(0)} a second ${text}`;
}

async function workOf(
  bench: NacosBench,
  action: string,
  registry: Awaited<ReturnType<typeof startNacos>>,
): Promise<() => Promise<number>> {
  const { clients, turnMs } = bench.scale;
  if (action.startsWith('register')) return registeringWork(bench, registry, action === 'register' ? 1 : clients);
  const crowd = await Crowd.atRegistry(registry, crowdOf(action === 'push' ? clients : 1));
  return async () => (await pushingTurn(registry, crowd, turnMs)).perSecond;
}
