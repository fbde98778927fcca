import { expect, it } from 'vitest';
import { allPages } from './registry';

it('[V9] reads a list to its end, or its one page', async () => {
  const pages: Record<string, { items: number[]; next?: string }> = {
    first: { items: [1, 2], next: 'second' },
    second: { items: [3], next: 'third' },
    third: { items: [] },
  };
  const read = (after = 'first') => Promise.resolve(pages[after] ?? { items: [] });
  expect(await allPages(read, ({ items }) => items)).toEqual({ first: pages.first, items: [1, 2, 3] });
  expect(
    await allPages(
      () => read('third'),
      ({ items }) => items,
    ),
  ).toMatchObject({ items: [] });
});
