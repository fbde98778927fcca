import { expect, it } from 'vitest';
import { LIST_TEXT_MAX_BYTES } from '../../model/limits';
import { pageOf } from './page-of';

it('reads no more rows than the page needs, and counts only the items shown', () => {
  let read = 0;
  function* rows() {
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      read += 1;
      yield { id };
    }
  }
  const viewOf = (row: { id: string }) => row;
  const isShown = ({ id }: { id: string }) => id !== 'b';
  expect(pageOf(rows(), { limit: 2 }, { isShown, viewOf })).toEqual({ items: [{ id: 'a' }, { id: 'c' }], next: 'c' });
  expect(read).toBe(4);
  expect(pageOf(rows(), { limit: 4 }, { isShown, viewOf })).toEqual({
    items: ['a', 'c', 'd', 'e'].map((id) => ({ id })),
  });
  expect(pageOf(rows(), {}, { isShown: () => false, viewOf })).toEqual({ items: [] });
});

it('[V8] ends a page early if its text would be too large', () => {
  const rows = ['a', 'b', 'c'].map((id) => ({ id, note: 'x'.repeat(LIST_TEXT_MAX_BYTES / 2 - 1_000) }));
  const page = pageOf(rows, {}, { isShown: () => true, viewOf: ({ id, note }) => ({ id, note }) });
  expect([page.items.map(({ id }) => id), page.next]).toEqual([['a', 'b'], 'b']);
});
