import { expect, it } from 'vitest';
import type { Door } from './doors';
import { ratiosOf } from './goals';
import { renderDoors } from './report';

const start: Door['start'] = () => Promise.reject(new Error('nothing starts'));
const door = (name: string): Door => ({ name, description: `is ${name}`, isFloor: false, start });

it('shows goals and ratios without a limit, and splits the processor time of a call', () => {
  const rounds = new Map([
    ['Rollcall', [4, 5, 6]],
    ['Rollcall on Node', [20, 20, 20]],
    ['etcd', [10, 10, 10]],
  ]);
  const row = (title: string) => ({ title, unit: 'calls/s', better: 'more', values: new Map(), rounds }) as const;
  const report = renderDoors({
    doors: [door('Rollcall'), door('etcd')],
    rows: [row('gRPC: put'), row('gRPC: txn of a compare and 2 puts'), row('JSON over 32 connections: put')],
    processor: [
      {
        title: 'gRPC: put',
        values: new Map([
          ['Rollcall', { userUs: 70, systemUs: 30, clientUs: 12 }],
          ['etcd', { userUs: 1, systemUs: 2 }],
        ]),
      },
    ],
    ratios: ratiosOf([100]),
    how: { date: '2026-01-02', node: '24', load: 0.5, rounds: 3, seconds: 2 },
    reading: 'So.\n',
  });
  const [, goals = ''] = report.split('## Goals');
  expect(goals.split('\n').filter((line) => /^\| (gRPC|JSON)/.test(line))).toEqual([
    '| gRPC: put | Rollcall / etcd | 0.50 [0.40..0.60] | ≥ 0.4 | yes |',
    '| gRPC: put | Rollcall on Node / etcd | 2.00 [2.00..2.00] | | |',
    '| gRPC: txn of a compare and 2 puts | Rollcall / etcd | 0.50 [0.40..0.60] | | |',
    '| gRPC: txn of a compare and 2 puts | Rollcall on Node / etcd | 2.00 [2.00..2.00] | | |',
    '| JSON over 32 connections: put | Rollcall / etcd | 0.50 [0.40..0.60] | ≥ 1 | **no** |',
    '| JSON over 32 connections: put | Rollcall on Node / etcd | 2.00 [2.00..2.00] | | |',
    '| gRPC: put | 100 = 70.0 + 30.0; client 12.0 | 3.00 = 1.00 + 2.00 |',
  ]);
  expect(report).toContain('- **etcd**: is etcd\n');
});
