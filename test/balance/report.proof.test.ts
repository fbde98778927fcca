import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { balanceReport } from './report';

it('[B17] the page and the plot show the results of the simulation; `npm run balance` rewrites them', () => {
  const { page, svg } = balanceReport();
  expect(readFileSync(join(PROJECT_ROOT, 'docs/balancing.md'), 'utf8')).toBe(page);
  expect(readFileSync(join(PROJECT_ROOT, 'docs/balancing.svg'), 'utf8')).toBe(svg);
});
