/** One page of a list: where the next begins, unless it is the last. */
interface Page {
  next?: string | undefined;
}

/** Reads a list to its end, page by page. @returns All items, and the first page for whatever else it says. */
export async function allPages<List extends Page, Item>(
  read: (after: string | undefined) => Promise<List>,
  itemsOf: (list: List) => readonly Item[],
): Promise<{ first: List; items: Item[] }> {
  const first = await read(undefined);
  const items = [...itemsOf(first)];
  let after = first.next;
  while (after !== undefined) {
    const list = await read(after);
    // Not `push(...)`: a page may have more items than a call takes arguments.
    for (const item of itemsOf(list)) items.push(item);
    after = list.next;
  }
  return { first, items };
}
