import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FAULT_KINDS } from './faults';
import { faultyResident } from './faulty-etcd';
import { faultyGateway } from './faulty-gateway';
import { robustnessRun } from './robustness-run';

const seed = Date.now() % 2 ** 31;

it.concurrent.each([
  ['a registry', (data: string) => faultyResident({ data })],
  ['a gateway in front of workerd', (data: string) => faultyGateway({ data })],
] as const)(
  `[I1, W7] what etcd guarantees holds while %s is killed, frozen and cut off (seed ${seed})`,
  async (home, target) => {
    const report = await robustnessRun({
      seed,
      target,
      clients: 8,
      seconds: 20,
      faults: FAULT_KINDS,
      compacts: true,
      freezeMs: { from: 3_000, to: 4_000 },
    });
    const kept = join(tmpdir(), 'rollcall-etcd-histories', `history-${home.replaceAll(' ', '-')}-${seed}.json`);
    if (report.problems.length > 0) {
      mkdirSync(join(kept, '..'), { recursive: true });
      writeFileSync(kept, JSON.stringify({ problems: report.problems, ...report.history }));
    }
    expect(report.problems, kept).toEqual([]);
    // Require enough activity for the run to be meaningful.
    expect(report.history.operations.length).toBeGreaterThan(100);
    expect(report.events).toBeGreaterThan(100);
    expect(Object.values(report.faults).reduce((sum, count) => sum + count)).toBeGreaterThan(1);
  },
);
