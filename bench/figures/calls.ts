import { readdirSync, readFileSync } from 'node:fs';
import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { ratios, spread } from '../statistics';
import { registryWorker } from '../workerd-programs';

/** Number of instances, in twenty services. */
const INSTANCES = 400;

/** Number of calls of one turn: 0.2 s at most, so that a disturbance affects all sides of a round. */
const CALLS = 1_600;

/** Number of turns of each round, since single turns vary by a third. */
const TURNS = 5;

const CALL_NAMES = ['renew', 'resolve'] as const;

/** Returns the CPU time of all threads of a process, in microseconds. */
function cpuOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const ran = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ran.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1_000;
}

/** Measures the CPU time of a call from Worker to object without HTTP: the cost of the envelope, without request noise. */
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
      bench.log(
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
