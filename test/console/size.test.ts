import * as esbuild from 'esbuild';
import { expect, it } from 'vitest';
import { bundleConsole } from '../../src/launcher/console-bundle';
import { PROJECT_ROOT } from '../house/source-tree';

/** Most that all files of the console may weigh together, compressed; 1 KB is 1,000 bytes. */
const SIZE_MAX_KB = 59;

it('all files of the console fit into 59 KB, compressed', () => {
  const sizes = [...bundleConsole(esbuild, PROJECT_ROOT).files].map(
    ([name, { gzip }]) => [name, Buffer.from(gzip, 'base64').length / 1_000] as const,
  );
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  const list = sizes
    .sort(([, one], [, other]) => other - one)
    .map(([name, size]) => `${size.toFixed(1)} ${name}`)
    .join('\n');
  expect(
    total,
    `the console weighs ${total.toFixed(1)} KB of at most ${SIZE_MAX_KB} KB, compressed:\n${list}\nLoad a part later, or leave it out: the promise is 60 KB.`,
  ).toBeLessThanOrEqual(SIZE_MAX_KB);
});
