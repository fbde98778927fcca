import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { CheckpointWorker } from '../../src/host/resident/storage/checkpoint-worker';
import { SeededRandom } from '../simulation/seeded-random';
import { type Planted, SMALL_BOUNDS } from './broken-rules';
import { imageProblem, promisedAt } from './check-image';
import { hidesFailure, recordDiskCalls } from './disk-calls';
import { DiskHistory } from './disk-history';

const DATABASE = 'public.sqlite';

/** Path of Linux's file system in memory. */
const MEMORY = '/dev/shm';

/** Maximum number of recordings of a story until one is realistic. */
const RECORDINGS_MAX_COUNT = 8;

/** One process of a story. */
interface Run {
  changes: number;
  end: 'close' | 'kill' | 'erase';
  /** Number of the flush that fails, counted by thread. */
  failingFlush?: number;
}

/** Stories of a database before a power loss. */
export type Story = keyof typeof STORIES;

/** The processes of each story, which run one after the other on one database. */
const STORIES = {
  'write, close, open': [
    { changes: 60, end: 'close' },
    { changes: 40, end: 'close' },
    { changes: 10, end: 'close' },
  ],
  'kill, open, kill': [
    { changes: 50, end: 'kill' },
    { changes: 0, end: 'kill' },
    { changes: 45, end: 'kill' },
    { changes: 0, end: 'close' },
  ],
  'a flush fails': [
    { changes: 40, end: 'kill', failingFlush: 12 },
    { changes: 40, end: 'kill', failingFlush: 7 },
    { changes: 20, end: 'close' },
  ],
  // Short, so that most images are of the few relevant calls.
  make: [{ changes: 1, end: 'kill' }],
  erase: [
    { changes: 2, end: 'erase' },
    { changes: 2, end: 'erase' },
    { changes: 2, end: 'close' },
  ],
} satisfies Record<string, Run[]>;

export const ALL_STORIES = Object.keys(STORIES) as Story[]; // `as`: keys of an object of our own

/** Parameters of a run. */
export interface PowerLossOptions {
  seed: number;
  /** Number of images of each story. */
  images: number;
  stories?: readonly Story[];
  /** A broken rule, as changes of the recorded program. */
  planted?: readonly Planted[];
  /** Runs the recorded program; Node by default. */
  runtime?: string[];
  /** True to stop at the first problem. */
  stopsEarly?: boolean;
}

/** Result of a run. */
export interface PowerLossReport {
  images: number;
  /** Changes that were acknowledged or shown. */
  durable: number;
  problems: string[];
}

/**
 * Records the calls of processes on a database file, and opens possible images of the disk after a power loss at many
 * moments.
 */
export async function powerLossRun(options: PowerLossOptions): Promise<PowerLossReport> {
  const {
    seed,
    images,
    stories = ALL_STORIES,
    planted = [],
    runtime = [process.execPath],
    stopsEarly = false,
  } = options;
  const random = new SeededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-power-loss-'));
  // In memory, because thousands of images are opened.
  const opened = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'rollcall-power-loss-'));
  const checkpoints = new CheckpointWorker();
  const report: PowerLossReport = { images: 0, durable: 0, problems: [] };
  try {
    await buildVictim(folder, [...SMALL_BOUNDS, ...planted]);
    for (const story of stories) {
      const history = record(story, folder, runtime);
      report.durable += history.lines.filter(({ line }) => /^(acknowledged|shown [1-9])/.test(line)).length;
      for (let image = 0; image < images; image += 1) {
        const time = history.anyMoment(random);
        const promised = promisedAt(history.lines, time);
        const problem = await imageProblem(
          history.imageAt(time, random),
          DATABASE,
          promised,
          join(opened, 'image'),
          checkpoints,
        );
        report.images += 1;
        if (problem === undefined) continue;
        report.problems.push(`${story}, call ${time}, image ${image} of seed ${seed}: ${problem}`);
        if (stopsEarly) return report;
      }
    }
    return report;
  } finally {
    await checkpoints.close();
    for (const path of [folder, opened]) rmSync(path, { recursive: true });
  }
}

function record(story: Story, folder: string, runtime: readonly string[]): DiskHistory {
  for (let attempt = 1; ; attempt += 1) {
    const data = join(folder, 'data');
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data);
    const history = new DiskHistory(data);
    let last = 0;
    let isReal = true;
    // `as`: only some have a failing flush.
    for (const { changes, end, failingFlush } of STORIES[story] as Run[]) {
      const command = [...runtime, join(folder, 'victim.js'), join(data, DATABASE), String(changes), end, String(last)];
      const trace = join(folder, 'trace');
      const calls = recordDiskCalls({ command, folder: data, trace, failingFlush, from: history.end });
      isReal &&= !hidesFailure(calls);
      history.add(calls);
      if (end === 'erase') last += changes;
    }
    if (isReal || attempt === RECORDINGS_MAX_COUNT) return history;
  }
}

/** Builds the recorded program, with changes of its source. */
async function buildVictim(folder: string, planted: readonly Planted[]): Promise<void> {
  const unused = new Set(planted);
  await build({
    entryPoints: [
      { in: 'test/power-loss/victim.ts', out: 'victim' },
      { in: 'src/host/resident/storage/checkpoint-worker.ts', out: 'checkpoint-worker' },
    ],
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
    plugins: [
      {
        name: 'plant',
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            let contents = readFileSync(path, 'utf8');
            for (const plant of planted) {
              if (resolve(plant.file) !== path) continue;
              const parts = contents.split(plant.from);
              if (parts.length !== 2) throw new Error(`${plant.file} has ${parts.length - 1} times: ${plant.from}`);
              contents = parts.join(plant.to);
              unused.delete(plant);
            }
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  for (const { file } of unused) throw new Error(`${file} is not a part of the recorded program`);
}
