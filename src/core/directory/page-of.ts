import type { Page } from '../../model/directory-api';
import { LIST_TEXT_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';

/** Options of {@link pageOf}. */
interface Listing<Row, View> {
  /** Returns whether the caller may see a row: other rows do not count. */
  isShown: (row: Row) => boolean;
  viewOf: (row: Row) => View;
}

/**
 * Returns one page of a list by id: up to `limit` items, or as many as fit into {@link LIST_TEXT_MAX_BYTES}.
 *
 * @param rows Rows after `page.after`; only as many are read as the page needs.
 */
export function pageOf<Row extends { id: string }, View>(
  rows: Iterable<Row>,
  { limit = Number.POSITIVE_INFINITY }: Page,
  { isShown, viewOf }: Listing<Row, View>,
): { items: View[]; next?: string | undefined } {
  const items: View[] = [];
  let last = '';
  let bytes = 0;
  for (const row of rows) {
    if (!isShown(row)) continue;
    const view = viewOf(row);
    bytes += utf8Length(JSON.stringify(view));
    if (items.length >= limit || (items.length > 0 && bytes > LIST_TEXT_MAX_BYTES)) return { items, next: last };
    items.push(view);
    last = row.id;
  }
  return { items };
}
