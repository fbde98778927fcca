import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { type Mutant, mutate } from './mutant';

/** What is tried on a mutant, and where it is found in the tree. */
const TRIALS = {
  simulation: 'test/simulation/simulation.test.ts',
  histories: 'test/watch/histories/random-history.test.ts',
  past: 'test/past/',
  'core tests': 'src/registry/',
} as const;
export type TrialName = keyof typeof TRIALS;

/** A mutant may make a test run for ever. */
const TRIAL_MAX_MS = 180_000;

/** What the simulation and the core's tests need to run in a copy. */
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json'];

const CONFIG = `import { defineConfig } from 'vitest/config';
export default defineConfig({
  test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'], exclude: ['**/*.workerd.test.ts'], testTimeout: 60_000 },
});
`;

/** The parts of Vitest's JSON report that tell what failed. */
interface VitestReport {
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; title: string; failureMessages: string[] }[];
  }[];
}

/** A copy of the project, to put faults into. */
export class Laboratory {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollcall-mutants-'));

  constructor() {
    const filter = (path: string) => !path.includes('node_modules');
    for (const path of COPIED) cpSync(path, join(this.#folder, path), { recursive: true, filter });
    symlinkSync(resolve('node_modules'), join(this.#folder, 'node_modules'));
    writeFileSync(join(this.#folder, 'vitest.config.ts'), CONFIG);
  }

  /**
   * Tries the tests on the core with a fault in it; without a mutant, on the core as it is.
   *
   * @param titles Pattern of the titles of tests. Default: all of them.
   */
  async try(trial: TrialName, mutant: Mutant | undefined, titles = '.'): Promise<string[]> {
    if (mutant === undefined) return this.#run(trial, titles);
    const path = join(this.#folder, 'src/registry', mutant.file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, mutate(source, mutant));
    try {
      return await this.#run(trial, titles);
    } finally {
      writeFileSync(path, source);
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** Runs tests in the copy, until one fails. Returns what failed, in few words; nothing where all passed. */
  async #run(trial: TrialName, titles: string): Promise<string[]> {
    const report = join(this.#folder, 'report.json');
    rmSync(report, { force: true });
    const vitest = resolve('node_modules/vitest/vitest.mjs');
    const flags = ['--bail=1', '--reporter=json', `--outputFile=${report}`, `--testNamePattern=${titles}`];
    const child = spawn(process.execPath, [vitest, 'run', TRIALS[trial], ...flags], {
      cwd: this.#folder,
      stdio: 'ignore',
      timeout: TRIAL_MAX_MS,
      killSignal: 'SIGKILL',
    });
    const code = await new Promise<number | null>((done) => child.on('close', done));
    if (code === null) return [`does not end within ${TRIAL_MAX_MS / 1_000} s`];
    if (code === 0) return [];
    return failuresIn(JSON.parse(readFileSync(report, 'utf8')) as VitestReport); // `as`: Vitest's own format
  }
}

function failuresIn({ testResults }: VitestReport): string[] {
  const failures = new Set<string>();
  for (const { message, assertionResults } of testResults) {
    // A file that was not begun when another failed has no results either, but no message.
    if (assertionResults.length === 0 && message !== '') failures.add(message);
    for (const { status, title, failureMessages } of assertionResults) {
      if (status !== 'failed') continue;
      const problem = /PROBLEM (.*)/.exec(failureMessages.join('\n'))?.[1];
      failures.add(problem ?? title);
    }
  }
  return [...failures];
}
