/** One page of a list: where the next begins, unless it is the last. */
interface Page {
  next?: string | undefined;
}

/** Reads a list to its end, page by page. */
export async function allPages<List extends Page, Item>(
  read: (after: string | undefined) => Promise<List>,
  itemsOf: (list: List) => readonly Item[],
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const list = await read(after);
    items.push(...itemsOf(list));
    after = list.next;
  } while (after !== undefined);
  return items;
}
