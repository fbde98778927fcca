import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const PEERS = ['Rollcall', 'Rollcall, socket', 'etcd, JSON gateway', 'etcd, gRPC', 'ZooKeeper'];

/** Median of each peer by the title of its row. */
function rowsOf(report: string): Map<string, number[]> {
  const [, figures = ''] = report.split('## Figures');
  const lines = figures.split('\n').filter((line) => /^\| [A-Z0-9]/.test(line));
  const cells = lines.map((line) => line.split('|').map((cell) => cell.trim().replaceAll(/[*,]/g, '')));
  return new Map(cells.map(([, title = '', ...values]) => [title, values.slice(0, -1).map(Number.parseFloat)]));
}

it('the bench of the peers compares all of them in every row', () => {
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // A bench that waits for ever would take the time of all other proofs; it takes a minute on a busy machine.
    timeout: 5 * 60_000,
    killSignal: 'SIGKILL',
  };
  const report = execFileSync('npm', ['run', '--silent', 'bench:peers', '--', '--quick'], options);
  const rows = rowsOf(report);
  expect([...rows.keys()]).toHaveLength(12);
  for (const [title, values] of rows) {
    expect(values, title).toHaveLength(PEERS.length);
    const missing = PEERS.filter((_, index) => !Number.isFinite(values[index]));
    expect(missing, title).toEqual(title.startsWith('Stale') ? ['Rollcall, socket', 'ZooKeeper'] : []);
  }
  const rate = [...rows].find(([title]) => title.startsWith('Register'))?.[1] ?? [];
  expect(Math.min(...rate)).toBeGreaterThan(10);
  const kept = [...rows].find(([title]) => title.includes('still open'))?.[1] ?? [];
  expect(kept).toEqual(PEERS.map(() => 100));
});
