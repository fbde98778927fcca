import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/report-totals.js', import.meta.url));

type Status = 'passed' | 'failed' | 'skipped';

/** Returns the part of the output of Vitest's JSON reporter that the script reads. */
const testFile = (...statuses: Status[]) => ({
  name: 'a.test.ts',
  status: statuses.includes('failed') ? 'failed' : 'passed',
  message: '',
  assertionResults: statuses.map((status, index) => ({ fullName: `case ${index}`, status })),
});

describe('the totals of a run', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-totals-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function report(name: string, ...testResults: object[]): string {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, JSON.stringify({ testResults }));
    return path;
  }

  function totals(...args: string[]): { last: string | undefined; status: number | null; text: string } {
    const { stdout, status } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
    return { last: stdout.trimEnd().split('\n').at(-1), status, text: stdout };
  }

  it('adds up passed tests of every report', () => {
    const reports = [
      report('test', testFile('passed', 'passed'), testFile('passed')),
      report('proofs', testFile('passed')),
    ];
    expect(totals(...reports)).toMatchObject({ last: '4 passed, 0 failed', status: 0 });
  });

  it('fails for a failed test, and counts it once even if its step failed too', () => {
    const run = totals('--failed', 'test', report('test', testFile('passed', 'failed')));
    expect(run).toMatchObject({ last: '1 passed, 1 failed', status: 1 });
    expect(run.text).toContain('case 1');
  });

  it('names a test that passed only when it was repeated', () => {
    const [passed] = testFile('passed').assertionResults;
    const repeated = { ...passed, failureMessages: ['expected 1 to be 2\n    at a.test.ts'] };
    const run = totals(report('test', { ...testFile(), assertionResults: [repeated] }));
    expect(run).toMatchObject({ last: '1 passed, 0 failed', status: 0 });
    expect(run.text).toContain('unstable: a.test.ts: case 0: expected 1 to be 2\n');
  });

  it('fails for a file that could not be loaded', () => {
    const broken = { ...testFile(), status: 'failed', message: 'no such module' };
    const run = totals(report('test', testFile('passed'), broken));
    expect(run).toMatchObject({ last: '1 passed, 1 failed', status: 1 });
    expect(run.text).toContain('no such module');
  });

  it('fails for a step that failed without a failed test', () => {
    const passing = report('test', testFile('passed'));
    expect(totals('--failed', 'lint', passing)).toMatchObject({ last: '1 passed, 1 failed', status: 1 });
    expect(totals('--failed', 'test', passing)).toMatchObject({ last: '1 passed, 1 failed', status: 1 });
  });

  it('fails if nothing ran', () => {
    expect(totals()).toMatchObject({ last: '0 passed, 1 failed', status: 1 });
    expect(totals(report('test'))).toMatchObject({ last: '0 passed, 1 failed', status: 1 });
    expect(totals(report('test', testFile('skipped')))).toMatchObject({ last: '0 passed, 1 failed', status: 1 });
    expect(totals(join(folder, 'absent.json'))).toMatchObject({ last: '0 passed, 1 failed', status: 1 });
  });
});
