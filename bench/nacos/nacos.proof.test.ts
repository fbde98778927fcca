import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('the benchmark of the port for Nacos clients measures every figure, with floors in the same rounds', () => {
  const report = execFileSync('npm', ['run', '--silent', 'bench:nacos', '--', '--quick'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // A hanging bench would use up the time of all other proofs. It takes half a minute.
    timeout: 3 * 60_000,
    killSignal: 'SIGKILL',
  });
  const rows = report
    .split('\n')
    .filter((line) => /^\| \w/.test(line))
    .slice(1);
  const rates = rows.filter((row) => /^\| (gRPC|HTTP), /.test(row));
  expect(rates).toHaveLength(12);
  expect(rows).toHaveLength(rates.length + 2 + 6 + 2 + 2 + 4);
  for (const row of rows.filter((each) => !each.includes('with one client'))) {
    expect(row).toMatch(/\d+(?:\.\d+)? × (?:constant|forwarding|polls) \(/);
  }
});
