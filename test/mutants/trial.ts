import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { MUTANTS } from './all-mutants';
import { type Core, type Mutant, mutate, readCore } from './mutant';

/** Tests to run on mutants by the paths of the faulty files, the ones that usually find something first at the front. */
const TRIALS = {
  'the test beside it': (paths: readonly string[]) => [...new Set(paths.map(testBeside))].filter(existsSync),
  'the simulation': () => ['test/simulation/simulation.test.ts'],
  'the tests of the core': () => ['src/core/'],
  'the past': () => ['test/past/'],
  'the histories': () => ['test/watch/histories/random-history.test.ts'],
} as const;
export type TrialName = keyof typeof TRIALS;
export const TRIAL_NAMES = Object.keys(TRIALS) as TrialName[]; // `as`: keys are typed as any text

const testBeside = (path: string): string => path.replace(/\.ts$/, '.test.ts');

/** Time limit of a mutant as a multiple of the time without a mutant, because a mutant may make a test run forever. */
const LIMIT_FACTOR = 5;
/** Minimum time limit in milliseconds, because fast tests spend most of their time on startup. */
const LIMIT_MIN_MS = 60_000;

/** Files that the trials need in a copy. */
const COPIED = ['src', 'test', 'docs', 'package.json', 'tsconfig.json'];

/**
 * Uses threads, which end with the process when it is killed. The timeout of tests is long, since each trial has its own
 * limit.
 */
const CONFIG = `import { defineConfig } from 'vitest/config';
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/*.workerd.test.ts', '**/*.proof.test.ts'],
    testTimeout: 1_800_000,
    pool: 'threads',
    isolate: false,
  },
});
`;

/** The parts of Vitest's JSON report that describe failures. */
interface VitestReport {
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; title: string; failureMessages: string[] }[];
  }[];
}

/** Outcome of a trial. */
interface Outcome {
  /** Short descriptions of the failures; empty if all tests passed. */
  failures: string[];
  hasEnded: boolean;
  tookMs: number;
}

/** A copy of the project for mutants. */
export class Laboratory {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollcall-mutants-'));
  /** Time limit of each trial in milliseconds, derived from its time on the unchanged core in this run. */
  readonly #limits = new Map<TrialName, number>();
  readonly #report: (line: string) => void;
  readonly #core: Core;

  /**
   * @param report Receives progress lines.
   * @param limitMs Time limit of each trial, in milliseconds, until it is measured. By default it is measured first.
   */
  constructor(report: (line: string) => void = () => {}, limitMs?: number) {
    this.#report = report;
    if (limitMs !== undefined) for (const trial of TRIAL_NAMES) this.#limits.set(trial, limitMs);
    const filter = (path: string) => !path.includes('node_modules');
    for (const path of COPIED) cpSync(path, join(this.#folder, path), { recursive: true, filter });
    symlinkSync(resolve('node_modules'), join(this.#folder, 'node_modules'));
    writeFileSync(join(this.#folder, 'vitest.config.ts'), CONFIG);
    this.#core = readCore(this.#folder);
  }

  /**
   * Runs the tests on the unchanged core, and derives the time limit of mutants from their duration.
   *
   * @returns The time limit of a mutant, in milliseconds.
   * @throws {Error} if they fail: their result on a mutant would mean nothing.
   */
  async measure(trial: TrialName): Promise<number> {
    const { failures, tookMs } = await this.#run(TRIALS[trial](this.#paths(MUTANTS)), undefined);
    if (failures.length > 0) throw new Error(`without a mutant, ${trial} fails: ${failures.join('; ')}`);
    this.#report(`without a mutant, ${trial} takes ${(tookMs / 1_000).toFixed(1)} s`);
    const limitMs = Math.ceil(Math.max(LIMIT_MIN_MS, LIMIT_FACTOR * tookMs, this.#limits.get(trial) ?? 0));
    this.#limits.set(trial, limitMs);
    return limitMs;
  }

  /** Runs the tests on a mutant until one fails. Returns short descriptions of the failures; empty if all tests passed. */
  async try(trial: TrialName, mutant: Mutant): Promise<string[]> {
    const mutation = mutate(this.#core, mutant);
    const tests = TRIALS[trial]([mutation.path]);
    if (tests.length === 0) return [];
    const path = join(this.#folder, mutation.path);
    const during = async (): Promise<Outcome> => {
      const limitMs = this.#limits.get(trial) ?? (await this.measure(trial));
      writeFileSync(path, mutation.text);
      try {
        return await this.#run(tests, limitMs);
      } finally {
        writeFileSync(path, this.#core.get(mutation.path)?.text ?? '');
      }
    };
    const outcome = await during();
    if (outcome.hasEnded) return outcome.failures;
    // Either the mutant hangs, or the machine has become slower: measure again, and try the mutant again.
    await this.measure(trial);
    return (await during()).failures;
  }

  #paths(mutants: readonly Mutant[]): string[] {
    return mutants.map((mutant) => mutate(this.#core, mutant).path);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** Runs tests in the copy until one fails. */
  async #run(tests: readonly string[], limitMs: number | undefined): Promise<Outcome> {
    const report = join(this.#folder, 'report.json');
    rmSync(report, { force: true });
    const vitest = resolve('node_modules/vitest/vitest.mjs');
    const flags = ['--bail=1', '--reporter=json', `--outputFile=${report}`];
    const startedAt = performance.now();
    const child = spawn(process.execPath, [vitest, 'run', ...tests, ...flags], {
      cwd: this.#folder,
      stdio: 'ignore',
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    const code = await new Promise<number | null>((done) => child.on('close', done));
    const outcome = { hasEnded: code !== null, tookMs: performance.now() - startedAt };
    if (code === 0) return { ...outcome, failures: [] };
    if (code === null) return { ...outcome, failures: [`does not end within ${Math.round(outcome.tookMs / 1_000)} s`] };
    const failures = existsSync(report) ? failuresIn(JSON.parse(readFileSync(report, 'utf8')) as VitestReport) : []; // `as`: Vitest's own format
    return { ...outcome, failures: failures.length > 0 ? failures : [`ends with ${code}, and no test failed`] };
  }
}

function failuresIn({ testResults }: VitestReport): string[] {
  const failures = new Set<string>();
  for (const { message, assertionResults } of testResults) {
    // A file that had not started when another failed has no results either, but no message.
    if (assertionResults.length === 0 && message !== '') failures.add(message);
    for (const { status, title, failureMessages } of assertionResults) {
      if (status !== 'failed') continue;
      const problem = /PROBLEM (.*)/.exec(failureMessages.join('\n'))?.[1];
      failures.add(problem ?? title);
    }
  }
  return [...failures];
}
