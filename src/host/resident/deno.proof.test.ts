import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Program } from '../../../test/programs/program';
import { temporaryFolder } from '../../../test/programs/temporary-folder';

const ROOT = join(import.meta.dirname, '../../..');
const DENO = join(ROOT, 'node_modules/@deno/linux-x64-glibc/deno');

/** Suites of namespaces and the directory: `npm test` runs them in Node. */
const SUITES = ['resident-namespace', 'resident-directory', 'namespaces', 'sleepers', 'data-files'];

/** The part of a report of Vitest's JSON reporter that is read here. */
interface Report {
  success: boolean;
  numPassedTests: number;
  testResults: {
    /** Why the file could not be run; else empty. */
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

it('passes the same suites in Deno as in Node', async () => {
  expect(existsSync(DENO)).toBe(true);
  const report = join(temporaryFolder(), 'report.json');
  const files = SUITES.map((name) => `src/host/resident/${name}.test.ts`);
  // The namespaces that sleep after every call run the same statements again, which takes as long as all the others.
  const names = ['--testNamePattern', '^(?!.*put to sleep after every call)'];
  // Deno's worker threads lack what Vitest needs of them at their end.
  const run = [
    'run',
    '--project',
    'node',
    '--pool',
    'forks',
    // Deno shares the processors with other proofs, and runs these tests slower than Node.
    '--testTimeout=240000',
    '--hookTimeout=240000',
    '--reporter',
    'json',
    '--outputFile',
    report,
    ...names,
    ...files,
  ];
  const vitest = new Program(DENO, ['run', '-A', '--no-lock', 'node_modules/vitest/vitest.mjs', ...run], { cwd: ROOT });
  const { code } = await vitest.end();
  expect(existsSync(report), vitest.printed).toBe(true);
  const { success, numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report; // `as`: Vitest wrote it
  const failed = testResults.flatMap(({ assertionResults, message }) => [
    ...(message ? [message] : []),
    ...assertionResults
      .filter(({ status }) => status === 'failed')
      .map((test) => [test.fullName, ...test.failureMessages]),
  ]);
  expect({ code, success, failed }, vitest.printed).toEqual({ code: 0, success: true, failed: [] });
  expect(testResults).toHaveLength(SUITES.length);
  expect(numPassedTests).toBeGreaterThan(300);
}, 600_000);
