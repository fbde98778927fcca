import { useRef, useState } from 'preact/hooks';

/** Handlers of an element that must not change while the pointer or the focus is in it. */
export interface Guard {
  onPointerEnter: () => void;
  onPointerLeave: () => void;
  onFocusIn: () => void;
  onFocusOut: (event: FocusEvent) => void;
}

/**
 * Observes the use of an element.
 *
 * @param onFree Called when neither the pointer nor the focus is in it any more.
 */
export function useGuard(onFree: () => void): { isUsed: () => boolean; guard: Guard } {
  const users = useRef(new Set<string>());
  const enter = (user: string) => () => void users.current.add(user);
  const leave = (user: string) => {
    if (users.current.delete(user) && users.current.size === 0) onFree();
  };
  return {
    isUsed: () => users.current.size > 0,
    guard: {
      onPointerEnter: enter('pointer'),
      onPointerLeave: () => leave('pointer'),
      onFocusIn: enter('focus'),
      onFocusOut: ({ currentTarget, relatedTarget }) => {
        const isInside =
          currentTarget instanceof Element && relatedTarget instanceof Node && currentTarget.contains(relatedTarget);
        if (!isInside) leave('focus');
      },
    },
  };
}

/** Rows in an order that changes only while their reader does not use them. */
export interface SteadyOrder<Item> {
  items: readonly Item[];
  /** Number of rows that are elsewhere in the current order. */
  moved: number;
  /** Sorts now. */
  sort: () => void;
  /** Handlers of the element that contains the rows. */
  guard: Guard;
}

/**
 * Sorts rows, but keeps their order while the pointer or the focus is on them, so that no row moves away from under it. Rows
 * that are new meanwhile are at the end; rows that are gone disappear.
 *
 * @param compare Must be the same function as long as the order is the same.
 */
export function useSteadyOrder<Item>(
  all: readonly Item[],
  keyOf: (item: Item) => string,
  compare: (one: Item, other: Item) => number,
): SteadyOrder<Item> {
  const kept = useRef<{ order: Map<string, number>; compare: typeof compare }>();
  const [, redraw] = useState({});
  const { isUsed: isInUse, guard } = useGuard(() => redraw({}));
  const sorted = [...all].sort(compare);
  const isUsed = isInUse() && kept.current?.compare === compare;
  let items = sorted;
  let moved = 0;
  if (isUsed && kept.current !== undefined) {
    const { order } = kept.current;
    const place = (item: Item) => order.get(keyOf(item)) ?? Number.POSITIVE_INFINITY;
    items = [...sorted].sort((one, other) => {
      const [a, b] = [place(one), place(other)];
      return a === b ? 0 : a - b;
    });
    const places = new Map(sorted.map((item, index) => [item, index]));
    moved = movedCount(items.map((item) => places.get(item) ?? 0));
    for (const item of items) if (!order.has(keyOf(item))) order.set(keyOf(item), order.size);
  } else {
    kept.current = { order: new Map(sorted.map((item, index) => [keyOf(item), index])), compare };
  }
  return {
    items,
    moved,
    sort: () => {
      kept.current = undefined;
      redraw({});
    },
    guard,
  };
}

/**
 * Returns how many items have to move to sort a list: all but those of a longest run that is in order already, with gaps.
 * Source: patience sorting; Aldous and Diaconis, "Longest increasing subsequences", 1999.
 *
 * @param places Place of each item in the sorted list.
 */
export function movedCount(places: readonly number[]): number {
  /** The lowest last place of a run, by the length of the run. */
  const ends: number[] = [];
  for (const place of places) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    ends[low] = place;
  }
  return places.length - ends.length;
}
