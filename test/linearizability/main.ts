import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { hostNamed } from '../programs/host';
import { checkHistory, STEPS_MAX } from './check-history';
import { FAULT_KINDS, type FaultKind } from './faults';
import { readHistory } from './history-file';
import { HISTORIES_FOLDER, keepHistory } from './keep-history';
import { type LinearizabilityReport, linearizabilityRun } from './linearizability-run';

const USAGE = `usage: npm run linearizability -- [--host NAME] [--seed N] [--histories N] [--clients N] [--seconds N]
                                  [--faults KINDS] [--folder PATH] [--keep] [--program PATH]
       npm run linearizability -- --check FILE [--steps N]

Runs clients against a real registry over HTTP and sockets while it is killed, stalled and cut off, records every call and
response, and searches for one order of all calls that explains each response. Checks the frames of watchers against the
guarantees of a watch. Fails at the first history that violates them, or that it can't decide.

  --host NAME      host of the registry: resident (default) or workerd
  --seed N         seed of the first history; each next one adds 1 (default: random)
  --histories N    number of histories (default: 20)
  --clients N      active clients, a quarter of them holding sessions (default: 12)
  --seconds N      seconds of a history, faults included (default: 15)
  --faults KINDS   any of ${FAULT_KINDS.join(',')}, or none (default: all)
  --folder PATH    folder for the history and the page of a failure (default: a temporary folder)
  --keep           keep the history of every run
  --program PATH   rollcall.js that runs the resident host (default: bin/rollcall.js)
  --check FILE     check a stored history, and draw its violation
  --steps N        number of steps after which the search gives up (default: ${STEPS_MAX})`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'resident' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    histories: { type: 'string', default: '20' },
    clients: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '15' },
    faults: { type: 'string', default: FAULT_KINDS.join() },
    folder: { type: 'string', default: HISTORIES_FOLDER },
    keep: { type: 'boolean', default: false },
    program: { type: 'string', default: 'bin/rollcall.js' },
    check: { type: 'string' },
    steps: { type: 'string', default: String(STEPS_MAX) },
    help: { type: 'boolean', default: false },
  },
});

const PROBLEMS_SHOWN_COUNT = 20;

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.check !== undefined) return check(values.check);
  const first = Number(values.seed);
  const count = Number(values.histories);
  console.error(`seeds ${first} to ${first + count - 1}`);
  const options = {
    host: hostNamed(values.host),
    program: resolve(values.program),
    clients: Number(values.clients),
    seconds: Number(values.seconds),
    faults: faultsNamed(values.faults),
  };
  for (let seed = first; seed < first + count; seed++) {
    const report = await linearizabilityRun({ ...options, seed });
    console.error(line(report));
    const isWrong = report.problems.length > 0;
    if (isWrong || values.keep) console.log(keepHistory(report, values.folder));
    if (!isWrong) continue;
    for (const problem of report.problems.slice(0, PROBLEMS_SHOWN_COUNT)) console.log(problem);
    console.log(`${report.problems.length} problems in the history of seed ${seed}`);
    return 1;
  }
  console.log(`${count} histories, each linearizable, and every guarantee of a watch held`);
  return 0;
}

function check(path: string): number {
  const history = readHistory(path);
  const judgement = checkHistory(history, Number(values.steps));
  for (const problem of judgement.problems) console.log(problem);
  if (judgement.problems.length > 0)
    console.log(keepHistory({ history, ...judgement, watched: [], watchProblems: [] }, values.folder));
  console.log(`${history.operations.length} calls, ${judgement.steps} steps, ${judgement.problems.length} problems`);
  return judgement.problems.length > 0 ? 1 : 0;
}

function faultsNamed(names: string): FaultKind[] {
  if (names === 'none') return [];
  return names.split(',').map((name) => {
    const kind = FAULT_KINDS.find((each) => each === name);
    if (kind === undefined) throw new Error(`--faults must be ${FAULT_KINDS.join()} or none, not "${name}"`);
    return kind;
  });
}

function line({ history, judgement, faults, revisions, frames, checkMs, problems }: LinearizabilityReport): string {
  const { operations, seed, sessions } = history;
  const open = operations.filter(({ end }) => end === null).length;
  return [
    `seed ${seed}: ${operations.length} calls, ${open} without an answer`,
    `${Object.keys(sessions).length} sessions`,
    `${faults.kill} kills, ${faults.stall} stalls, ${faults.cut} cuts`,
    `${revisions} revisions, ${frames} frames`,
    `${judgement.partitions} partitions, ${judgement.steps} steps, checked in ${(checkMs / 1_000).toFixed(1)} s`,
    `${problems.length} problems`,
  ].join('; ');
}

process.exitCode = await main();
