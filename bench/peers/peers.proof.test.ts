import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Rollcall runs in one home only, since the homes differ only in how they are started. */
const PEERS = ['Rollcall', 'Rollcall, socket', 'etcd, JSON gateway', 'etcd, gRPC', 'ZooKeeper'];

/** Peers that `wrk` drives. */
const OVER_HTTP = ['Rollcall', 'etcd, JSON gateway'];

/** Peers missing from a row: some lack such a read, and only `wrk` opens 128 connections. */
function missingIn(title: string): string[] {
  if (title.startsWith('Stale')) return ['Rollcall, socket', 'ZooKeeper'];
  return title.includes('128 connections') ? PEERS.filter((peer) => !OVER_HTTP.includes(peer)) : [];
}

/** Median of each peer by the title of its row. */
function rowsOf(report: string): Map<string, number[]> {
  const [figures = ''] = report.split('## Figures')[1]?.split('## Goals') ?? [];
  const lines = figures.split('\n').filter((line) => /^\| [A-Z0-9]/.test(line));
  const cells = lines.map((line) => line.split('|').map((cell) => cell.trim().replaceAll(/[*,]/g, '')));
  return new Map(cells.map(([, title = '', ...values]) => [title, values.slice(0, -1).map(Number.parseFloat)]));
}

it('the peer benchmark compares all peers in every row', () => {
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // A hanging bench would use up the time of all other proofs. It takes a minute on a busy machine.
    timeout: 5 * 60_000,
    killSignal: 'SIGKILL',
  };
  const words = ['--only', 'registries', '--quick', '--home', 'deno'];
  const report = execFileSync('npm', ['run', '--silent', 'bench:peers', '--', ...words], options);
  const rows = rowsOf(report);
  expect([...rows.keys()]).toHaveLength(18);
  for (const [title, values] of rows) {
    expect(values, title).toHaveLength(PEERS.length);
    const missing = PEERS.filter((_, index) => !Number.isFinite(values[index]));
    expect(missing, title).toEqual(missingIn(title));
  }
  const rate = [...rows].find(([title]) => title === 'Register, durable (calls/s)')?.[1] ?? [];
  expect(Math.min(...rate)).toBeGreaterThan(10);
  const kept = [...rows].find(([title]) => title.includes('still open'))?.[1] ?? [];
  expect(kept).toEqual(PEERS.map(() => 100));
});
