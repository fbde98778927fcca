import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows that are mounted above and below those in sight. */
const SPARE = 8;

/** Rows that are mounted before the first measurement. */
const FIRST = 40;

interface RowsProps<Item> {
  /** Accessible name. */
  label: string;
  /** Class of the table, for its columns. */
  class?: string;
  /** Cells of the heading. */
  head: ComponentChildren;
  items: readonly Item[];
  keyOf: (item: Item) => string;
  /** Returns the cells of a row. */
  cells: (item: Item) => ComponentChildren;
}

/** A range of rows: from the first to before the last. */
interface Range {
  first: number;
  last: number;
}

/**
 * A table of any number of rows of one height, which is the custom property `--row`. Only the rows in sight are mounted, and
 * the one that has the focus, so that it keeps it. The page itself scrolls.
 */
export function Rows<Item>({ label, class: name = '', head, items, keyOf, cells }: RowsProps<Item>) {
  const body = useRef<HTMLDivElement>(null);
  const [{ first, last }, setRange] = useState<Range>({ first: 0, last: FIRST });
  const [focused, setFocused] = useState<string>();
  const height = useRowHeight();

  useLayoutEffect(() => {
    let frame = 0;
    const measure = () => {
      frame = 0;
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / height) - SPARE);
      const to = Math.ceil((innerHeight - top) / height) + SPARE;
      setRange((known) => (known.first === from && known.last === to ? known : { first: from, last: to }));
    };
    const later = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, [height]);

  const row = (item: Item, index: number) => {
    const key = keyOf(item);
    return (
      // biome-ignore lint/a11y/useSemanticElements: rows of a native table can't be positioned
      // biome-ignore lint/a11y/useFocusableInteractive: the row's link has the focus
      <div
        key={key}
        class="row"
        role="row"
        aria-rowindex={index + 2}
        style={{ top: `${index * height}px` }}
        onFocusIn={() => setFocused(key)}
        onFocusOut={() => setFocused(undefined)}
      >
        {cells(item)}
      </div>
    );
  };
  const shown = items.slice(first, last).map((item, index) => row(item, first + index));
  const away = focused === undefined ? -1 : items.findIndex((item) => keyOf(item) === focused);
  const awayItem = items[away];
  if (awayItem !== undefined && (away < first || away >= last)) shown.push(row(awayItem, away));
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a native table can't be positioned
    <div class={`card rows ${name}`} role="table" aria-label={label} aria-rowcount={items.length + 1}>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: a heading */}
      <div class="row th" role="row" aria-rowindex={1}>
        {head}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div class="body" role="rowgroup" ref={body} style={{ height: `${items.length * height}px` }}>
        {shown}
      </div>
    </div>
  );
}

/** A cell of a row. */
export function Cell({ class: name, children }: { class?: string; children?: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: cells of a native table can't be placed on a grid of their own
    <span class={name} role="cell">
      {children}
    </span>
  );
}

/** A cell of the heading. */
export function HeadCell({ class: name, children }: { class?: string; children?: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as Cell
    // biome-ignore lint/a11y/useFocusableInteractive: a heading
    <span class={name} role="columnheader">
      {children}
    </span>
  );
}

/** Returns the height of a row in pixels, which differs on narrow screens. */
function useRowHeight(): number {
  const [height, setHeight] = useState(rowHeight);
  useEffect(() => {
    const update = () => setHeight(rowHeight());
    addEventListener('resize', update);
    return () => removeEventListener('resize', update);
  }, []);
  return height;
}

const rowHeight = (): number =>
  Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue('--row'), 10) || 36;
