/** A page of a list, as consoles ask for it: pages are counted from 1. */
export interface PageAsked {
  pageNo: number;
  pageSize: number;
}

/** What of a list is on a page: nothing is before the first one. */
export function pageBounds({ pageNo, pageSize }: PageAsked): { start: number; end: number } {
  const start = Math.max(0, (pageNo - 1) * pageSize);
  return { start, end: start + Math.max(0, pageSize) };
}

/** The items on a page. */
export function pageOf<T>(items: readonly T[], page: PageAsked): T[] {
  const { start, end } = pageBounds(page);
  return items.slice(start, end);
}

/** A page as Nacos 3 answers it. */
export function numberedPage<T>(items: readonly T[], page: PageAsked, show: (item: T) => unknown): object {
  return {
    totalCount: items.length,
    pageNumber: page.pageNo,
    pagesAvailable: Math.ceil(items.length / page.pageSize),
    pageItems: pageOf(items, page).map(show),
  };
}
