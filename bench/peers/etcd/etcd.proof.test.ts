import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { CALLS, JSON_CONNECTIONS } from './calls';

/** Medians of a row by the name of the column. */
function rowsOf(report: string): Map<string, Record<string, number>> {
  const [figures = ''] = report.split('## Figures')[1]?.split('## Goals') ?? [];
  const [[, ...names] = [], , ...rows] = figures
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll(/[*,]/g, '')),
    );
  return new Map(
    rows.map(([title = '', ...cells]) => [
      title,
      Object.fromEntries(names.map((name, index) => [name, Number.parseFloat(cells[index] ?? '')])),
    ]),
  );
}

it('the benchmark over the API of etcd measures each server in every row, and floors in every rate', () => {
  const words = ['--only', 'etcd', '--quick', '--home', 'deno'];
  const report = execFileSync('npm', ['run', '--silent', 'bench:peers', '--', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // A hanging bench would use up the time of all other proofs. It takes a minute on a busy machine.
    timeout: 5 * 60_000,
    killSignal: 'SIGKILL',
  });
  const rows = [...rowsOf(report)];
  const rates = rows.filter(([title]) => /^(gRPC|JSON)/.test(title));
  expect(rates).toHaveLength(CALLS.length * (1 + JSON_CONNECTIONS.length));
  expect(rows.length).toBeGreaterThan(rates.length);
  for (const [title, values] of rows) expect(values.etcd, title).toBeGreaterThan(0);
  for (const [title, values] of rates) expect(values['Floor on Deno'], title).toBeGreaterThan(10);
});
