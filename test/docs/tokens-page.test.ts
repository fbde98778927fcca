import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Carrier, DOORS } from '../../src/auth/carriers';
import { PROJECT_ROOT } from '../house/source-tree';

const PAGE = readFileSync(join(PROJECT_ROOT, 'docs/tokens.md'), 'utf8');

/** Columns of the page's table, in order. */
const COLUMNS: Carrier[] = ['bearer', 'path', 'subprotocol-token', 'subprotocol-ticket', 'query-ticket'];

it('[D2, A9] the page lists for every door where it accepts a credential', () => {
  const rows = [...PAGE.matchAll(/^\| (the API|`\/metrics`|an event stream|a WebSocket)[^|]*\|(.*)\|$/gm)];
  const shown = rows.map(([, door, cells = '']) => {
    const taken = cells.split('|').map((cell) => cell.trim() === 'yes');
    return [door, COLUMNS.filter((_, index) => taken[index])];
  });
  expect(Object.fromEntries(shown)).toEqual({
    'the API': DOORS.api,
    '`/metrics`': DOORS.metrics,
    'an event stream': DOORS.stream,
    'a WebSocket': DOORS.socket,
  });
});
