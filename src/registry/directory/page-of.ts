import type { Page } from '../../model/directory-api';

/**
 * One page of what is listed by id.
 *
 * @param rows Those after `page.after`; no more of them are read than the page needs.
 * @param isShown Whether the caller may see one: what is not shown does not count.
 */
export function pageOf<Row extends { id: string }>(
  rows: Iterable<Row>,
  { limit = Number.POSITIVE_INFINITY }: Page,
  isShown: (row: Row) => boolean,
): { items: Row[]; next?: string | undefined } {
  const items: Row[] = [];
  for (const row of rows) {
    if (!isShown(row)) continue;
    if (items.length >= limit) return { items, next: items.at(-1)?.id };
    items.push(row);
  }
  return { items };
}
