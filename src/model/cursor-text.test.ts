import { expect, it } from 'vitest';
import { encodeCursor } from '../core/namespace/commit/cursor';
import { CursorText } from './cursor-text';
import { CURSOR_MAX_CHARACTERS } from './limits';

it('[E3] takes every cursor that we give, whatever its size', () => {
  for (const position of [
    { epoch: 'x', revision: 0, check: 0 },
    { epoch: '-_Az09-_Az09', revision: Number.MAX_SAFE_INTEGER, check: 0xffff_ffff },
  ]) {
    const cursor = encodeCursor(position);
    expect(CursorText.parse(cursor)).toBe(cursor);
    expect(cursor.length).toBeLessThanOrEqual(CURSOR_MAX_CHARACTERS / 2);
  }
});

it('[E3] refuses what can be none', () => {
  for (const text of ['', 'c', 'x1', 'c 1', 'c1\n', '"c1"', 'cü', `c${'1'.repeat(CURSOR_MAX_CHARACTERS)}`]) {
    expect(CursorText.safeParse(text).success, text).toBe(false);
  }
});
