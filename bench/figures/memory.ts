import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding, Goal } from '../figure';
import { fill } from '../population';
import { residentBytes } from '../resident-memory';
import { median, spread } from '../statistics';

const COUNT = 10_000;
const STARTS = 3;

/** Time after the first answers for the process to release memory of its start. */
const SETTLE_MS = 2_000;

const MEBIBYTE = 1_024 * 1_024;

const EMPTY_GOAL: Goal = { of: 'value', atMost: 90 };
const FILLED_GOAL: Goal = { of: 'value', atMost: 10 };

async function settledMebibytes(server: BenchServer): Promise<number> {
  await server.stats();
  await sleep(SETTLE_MS);
  return residentBytes(server.pid) / MEBIBYTE;
}

/** Measures the resident memory of several processes, started one after the other on the same folder. */
async function startedMebibytes(bench: Bench, storage: string): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry, storage });
    taken.push(await settledMebibytes(server));
    await server.stop();
  }
  return taken;
}

/** Measures the resident memory of the process without instances, and the memory that instances add. */
export const memory: Figure = {
  name: 'memory',
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs } = bench;
    const first = await BenchServer.start({ workspace, program: programs.registry });
    await first.stats();
    await first.stop();
    const empty = await startedMebibytes(bench, first.storage);
    const filled = await BenchServer.start({ workspace, program: programs.registry });
    const before = await settledMebibytes(filled);
    await fill(filled, COUNT, { longLease: true });
    const registered = (await settledMebibytes(filled)) - before;
    await filled.stop();
    const woken = (await startedMebibytes(bench, filled.storage)).map((mebibytes) => mebibytes - median(empty));
    const count = COUNT.toLocaleString('en');
    const isGoal = programs.home === 'deno';
    const finding = (title: string, values: number[], goal?: Goal): Finding => {
      bench.log(`${title}: ${median(values).toFixed(1)} MiB`);
      return { figure: 'memory', title, unit: 'MiB', value: spread(values), ...(isGoal && goal && { goal }) };
    };
    return [
      finding('Resident memory, empty', empty, EMPTY_GOAL),
      finding(`Resident memory that ${count} instances add, read from disk`, woken, FILLED_GOAL),
      finding(`Resident memory that ${count} instances add, registered in batches`, [registered]),
    ];
  },
};
