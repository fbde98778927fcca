import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { BROKEN_RULES } from './broken-rules';
import { ALL_STORIES, powerLossRun } from './power-loss-run';

/** The short form of `npm run power-loss`: images of each story. */
const IMAGES = 120;

/** Maximum number of images until a broken rule shows. The rarest loss is in one of 165. */
const IMAGES_OF_A_RULE = 10_000;

const seed = Date.now() % 2 ** 31;

/** Runtimes of a database file. */
const RUNTIMES: Record<string, string[]> = {
  Node: [process.execPath],
  Deno: [join(PROJECT_ROOT, 'node_modules/@deno/linux-x64-glibc/deno'), 'run', '--no-config', '--allow-all'],
};

describe.each(Object.entries(RUNTIMES))('%s', (_name, runtime) => {
  it(`[I1, I3] loses nothing acknowledged or shown in ${ALL_STORIES.length * IMAGES} power losses (seed ${seed})`, async () => {
    const report = await powerLossRun({ seed, images: IMAGES, runtime });
    expect(report.problems).toEqual([]);
    expect(report.images).toBe(ALL_STORIES.length * IMAGES);
    // Require enough activity for the recording to be meaningful.
    expect(report.durable).toBeGreaterThan(200);
  });
});

it.each(BROKEN_RULES)('shows a loss unless $name', async ({ story, planted }) => {
  const report = await powerLossRun({ seed, images: IMAGES_OF_A_RULE, stories: [story], planted, stopsEarly: true });
  expect(report.problems).toHaveLength(1);
});
