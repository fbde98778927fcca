import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLOSE_CODES, ClientFrame, ServerFrame } from '../../src/model/frames';
import { PROJECT_ROOT } from '../house/source-tree';

const PAGE = readFileSync(join(PROJECT_ROOT, 'docs/watch.md'), 'utf8');

/** Frames on the page, one per line. */
const shown: { type: string }[] = [...PAGE.matchAll(/^```jsonl\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)),
);

const typesOf = (schema: typeof ClientFrame | typeof ServerFrame): string[] =>
  schema.options.map(({ shape }) => [...shape.type.values][0] ?? '');

it('[D4] the page shows every kind of frame, in the form that its schema accepts', () => {
  const types = [...typesOf(ClientFrame), ...typesOf(ServerFrame)];
  expect([...new Set(shown.map(({ type }) => type))].sort()).toEqual(types.sort());
  for (const frame of shown) {
    const schema = typesOf(ClientFrame).includes(frame.type) ? ClientFrame : ServerFrame;
    const parsed = schema.safeParse(frame);
    expect(parsed.error?.issues, JSON.stringify(frame)).toBeUndefined();
  }
});

it('[D4] the page lists every close code of Rollcall that a client can receive', () => {
  const named = [...PAGE.matchAll(/^\| (4\d{3}) \|/gm)].map(([, code]) => Number(code));
  expect(named).toEqual(Object.values(CLOSE_CODES).sort());
});
