/** A page of a list that a console requests. Pages are counted from 1. */
export interface PageRequest {
  pageNo: number;
  pageSize: number;
}

/** Returns the range of a page in a list; pages before the first one are treated as the first. */
export function pageBounds({ pageNo, pageSize }: PageRequest): { start: number; end: number } {
  const start = Math.max(0, (pageNo - 1) * pageSize);
  return { start, end: start + Math.max(0, pageSize) };
}

/** Returns the items on a page. */
export function pageOf<T>(items: readonly T[], page: PageRequest): T[] {
  const { start, end } = pageBounds(page);
  return items.slice(start, end);
}

/** Formats a page for Nacos 3. */
export function numberedPage<T>(items: readonly T[], page: PageRequest, show: (item: T) => unknown): object {
  return {
    totalCount: items.length,
    pageNumber: page.pageNo,
    pagesAvailable: Math.ceil(items.length / page.pageSize),
    pageItems: pageOf(items, page).map(show),
  };
}
