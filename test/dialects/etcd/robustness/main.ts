import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './faults';
import { type FaultyEtcd, faultyResident } from './faulty-etcd';
import { faultyGateway } from './faulty-gateway';
import { type RobustnessReport, robustnessRun } from './robustness-run';

const USAGE = `usage: npm run etcd-robustness -- [--seed N] [--histories N] [--clients N] [--seconds N] [--faults KINDS] [--home HOME]

Runs clients of etcd by gRPC against a registry while it is killed, frozen and cut off. Checks each answer, each event of a
watch and the end of each lease against what etcd guarantees. Stops at the first history that violates it, and keeps it.

  --seed N         seed of the first history; each next one adds 1 (default: random)
  --histories N    number of histories (default: 10)
  --clients N      clients that read and write, besides those of watches and leases (default: 8)
  --seconds N      seconds of calls and faults in a history (default: 60)
  --faults KINDS   any of ${FAULT_KINDS.join(',')}, or none (default: all)
  --home HOME      resident, or gateway for one in front of workerd (default: resident)
  --no-compactions keep the whole history
  --folder PATH    folder for the history of a violation (default: a temporary folder)`;

const PROBLEMS_SHOWN_COUNT = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    histories: { type: 'string', default: '10' },
    clients: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '60' },
    faults: { type: 'string', default: FAULT_KINDS.join() },
    home: { type: 'string', default: 'resident' },
    'no-compactions': { type: 'boolean', default: false },
    folder: { type: 'string', default: join(tmpdir(), 'rollcall-etcd-histories') },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const first = Number(values.seed);
  const count = Number(values.histories);
  for (let seed = first; seed < first + count; seed++) {
    const report = await robustnessRun({
      seed,
      target: homeNamed(values.home),
      clients: Number(values.clients),
      seconds: Number(values.seconds),
      faults: faultsNamed(values.faults),
      compacts: !values['no-compactions'],
      freezeMs: { from: 3_000, to: 12_000 },
    });
    console.error(summary(seed, report));
    if (report.problems.length === 0) continue;
    for (const problem of report.problems.slice(0, PROBLEMS_SHOWN_COUNT)) console.log(problem);
    mkdirSync(values.folder, { recursive: true });
    const path = join(values.folder, `history-${seed}.json`);
    writeFileSync(path, JSON.stringify({ problems: report.problems, ...report.history }));
    console.log(`${report.problems.length} problems in the history of seed ${seed}: ${path}`);
    return 1;
  }
  console.log(`${count} histories, and every guarantee held`);
  return 0;
}

function homeNamed(name: string): (data: string) => FaultyEtcd {
  if (name === 'gateway') return (data) => faultyGateway({ data, program: resolve('bin/rollcall.js') });
  if (name !== 'resident') throw new Error(`--home must be resident or gateway, not "${name}"`);
  const output = (line: string) => /"level":"error"/.test(line) && console.error(line);
  return (data) => faultyResident({ data, output });
}

function faultsNamed(names: string): FaultKind[] {
  if (names === 'none') return [];
  return names.split(',').map((name) => {
    const kind = FAULT_KINDS.find((each) => each === name);
    if (kind === undefined) throw new Error(`--faults must be ${FAULT_KINDS.join()} or none, not "${name}"`);
    return kind;
  });
}

function summary(
  seed: number,
  { history, faults, revisions, events, runMs, checkMs, problems }: RobustnessReport,
): string {
  const { operations, watches, leases } = history;
  const open = operations.filter(({ end }) => end === null).length;
  return [
    `seed ${seed}: ${operations.length} calls, ${open} without an answer`,
    `${watches.length} watches, ${events} events, ${leases.length} leases`,
    FAULT_KINDS.flatMap((kind) => (faults[kind] > 0 ? [`${kind} ${faults[kind]}`] : [])).join(', '),
    `${revisions} revisions, ${Math.round(runMs / 1_000)} s, checked in ${(checkMs / 1_000).toFixed(1)} s`,
    `${problems.length} problems`,
  ].join('; ');
}

process.exitCode = await main();
