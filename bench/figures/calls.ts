import { readdirSync, readFileSync } from 'node:fs';
import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { ratios, spread } from '../statistics';
import { registryWorker } from '../workerd-programs';

/** Instances, in twenty services. */
const INSTANCES = 400;

/** Calls of one turn: a fifth of a second at most, so that what disturbs one call of a round disturbs the others too. */
const CALLS = 1_600;

/** Turns of each round: a single one scatters by a third. */
const TURNS = 5;

const CALL_NAMES = ['renew', 'resolve'] as const;

/** Microseconds that all threads of a process have run. */
function cpuOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const ran = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ran.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1_000;
}

/** CPU of a call from Worker to object, without HTTP: what the envelope costs, which a whole request hides in its noise. */
export const calls: Figure = {
  name: 'calls',
  homes: ['workerd'],
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace } = bench;
    const program = await registryWorker(workspace.newFolder('calls'), 'bench/floors/calls.ts', 'calls');
    const server = await BenchServer.start({ workspace, program });
    const ask = (name: string, count: number) => server.must('GET', `/${name}/${count}/${INSTANCES}`);
    const costOf = async (name: string): Promise<number> => {
      const before = cpuOf(server.pid);
      await ask(name, CALLS);
      return (cpuOf(server.pid) - before) / CALLS;
    };
    await ask('register', INSTANCES);
    const costs: Record<string, number[]> = {};
    const names = ['empty', ...CALL_NAMES];
    for (const name of names) await ask(name, 2 * CALLS);
    for (let round = 0; round < bench.rounds; round++) {
      const best: Record<string, number> = {};
      for (let turn = 0; turn < TURNS; turn++) {
        for (const name of names) best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, await costOf(name));
      }
      for (const name of names) costs[name] = [...(costs[name] ?? []), best[name] ?? Number.NaN];
      bench.say(
        `calls ${round + 1}/${bench.rounds}: ${names.map((name) => `${name} ${best[name]?.toFixed(1)}`).join(', ')}`,
      );
    }
    await server.stop();
    const floor = costs.empty ?? [];
    return CALL_NAMES.map((name) => ({
      figure: 'calls',
      title: `CPU of a call to the object: ${name}`,
      unit: 'µs',
      value: spread(costs[name] ?? []),
      floor: { name: 'empty call', value: spread(floor) },
      ratio: spread(ratios(costs[name] ?? [], floor)),
      note: `without HTTP; 8 calls at once, the best of ${TURNS} turns of ${CALLS.toLocaleString('en')} in each round`,
    }));
  },
};
