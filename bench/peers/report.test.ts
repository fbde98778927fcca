import { expect, it } from 'vitest';
import { etcd } from './etcd-peer';
import { renderPeers } from './report';

it('shows every peer in every row, the best one in bold, and the calls behind each row', () => {
  const one = { ...etcd('gRPC'), name: 'One', version: () => '1.2' };
  const other = { ...etcd('gateway'), name: 'Other', version: () => '3.4' };
  const values = new Map([
    ['One', { median: 5, least: 4, most: 6 }],
    ['Other', { median: 1_234, least: 1_234, most: 1_234 }],
  ]);
  const rows = [
    { title: 'Calls', unit: 'calls/s', better: 'more', values } as const,
    { title: 'Wait', unit: 'ms', better: 'less', values, note: 'of one' } as const,
    { title: 'Alone', unit: 'ms', better: 'less', values: new Map([...values].slice(0, 1)) } as const,
  ];
  const how = { date: '2026-01-02', node: '24', load: 0.5, rounds: 3, seconds: 2 };
  const report = renderPeers([one, other], rows, how, '## Reading it\n\nSo.\n');
  expect(report).toContain('| version | 1.2 | 3.4 |');
  expect(report).toContain('| Calls (calls/s) | 5.00 [4.00..6.00] | **1,234** |');
  expect(report).toContain('| Wait (ms) | **5.00** [4.00..6.00] | 1,234 |');
  expect(report).toContain('| Alone (ms) | **5.00** [4.00..6.00] |  |');
  expect(report).toContain('- Wait: of one.');
  expect(report.endsWith('So.\n')).toBe(true);
});

it('judges a goal by the median of the ratios of all rounds and omits what was not measured', () => {
  const rounds = new Map([
    ['Rollcall', [30, 20, 80]],
    ['etcd, JSON gateway', [10, 5, 40]],
  ]);
  const row = { title: 'Beat', unit: 'calls/s', better: 'more', values: new Map(), rounds } as const;
  const how = { date: '2026-01-02', node: '24', load: 0.5, rounds: 3, seconds: 2 };
  const [, goals] = renderPeers([], [row], how, '').split('## Goals');
  expect(goals?.split('\n').filter((line) => line.startsWith('| A'))).toEqual([
    "| A heartbeat, against etcd's keepalive | Rollcall / etcd, JSON gateway | 3.00 [2.00..4.00] | ≥ 3 | yes |",
  ]);
});
