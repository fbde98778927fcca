import { expect, it } from 'vitest';
import { pageOf } from './page-of';

it('reads no more rows than the page needs, and counts only what is shown', () => {
  let read = 0;
  function* rows() {
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      read += 1;
      yield { id };
    }
  }
  const isShown = ({ id }: { id: string }) => id !== 'b';
  expect(pageOf(rows(), { limit: 2 }, isShown)).toEqual({ items: [{ id: 'a' }, { id: 'c' }], next: 'c' });
  expect(read).toBe(4);
  expect(pageOf(rows(), { limit: 4 }, isShown)).toEqual({ items: ['a', 'c', 'd', 'e'].map((id) => ({ id })) });
  expect(pageOf(rows(), {}, () => false)).toEqual({ items: [] });
});
