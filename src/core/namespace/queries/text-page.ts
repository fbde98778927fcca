import type { JsonText } from '../../../model/json';
import { LIST_TEXT_MAX_BYTES } from '../../../model/limits';
import { utf8Length } from '../../../model/names';

/** A page of a list. */
export interface TextPage {
  /** Its items as a JSON array. */
  text: string;
  /** The `after` of the next page; undefined on the last one. */
  next: string | undefined;
}

/** Options of {@link textPage}. */
export interface PageOptions<Item> {
  limit?: number | undefined;
  /** Returns the `after` that continues after an item. */
  placeOf: (item: Item) => string;
  encode?: (item: Item) => string;
}

/**
 * Encodes items until there are `limit` of them, or the next one would take the text over
 * {@link LIST_TEXT_MAX_BYTES}. A page has at least one item if there is any, so that paging always ends.
 */
export function textPage<Item>(
  items: Iterable<Item>,
  { limit, placeOf, encode = JSON.stringify }: PageOptions<Item>,
): TextPage {
  const texts: string[] = [];
  let last: Item | undefined;
  let bytes = 0;
  for (const item of items) {
    const isFull = texts.length === limit;
    const text = isFull ? '' : encode(item);
    bytes += utf8Length(text) + 1;
    if (last !== undefined && (isFull || bytes > LIST_TEXT_MAX_BYTES)) {
      return { text: `[${texts.join(',')}]`, next: placeOf(last) };
    }
    texts.push(text);
    last = item;
  }
  return { text: `[${texts.join(',')}]`, next: undefined };
}

/** Encodes the answer to a list: the page under `name`, `next`, and any other members. */
export function listText<List>(name: string, page: TextPage, others: object = {}): JsonText<List> {
  const rest = JSON.stringify({ next: page.next, ...others }).slice(1);
  return `{"${name}":${page.text}${rest === '}' ? '' : ','}${rest}`;
}
