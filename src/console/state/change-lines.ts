import type { Cause, HistoryChange, HistoryEntry } from '../../client/wire/history-answers';

/** Longest time between the first and the last change of a fold. */
const FOLD_MS = 10_000;

/** Fewest changes that fold. */
const FOLD_MIN_COUNT = 3;

/** One change of one record. */
export interface ChangeLine {
  key: string;
  at: string;
  /** Cursor right after its revision. */
  cursor: string;
  /** Cursor right before its revision; if that is not known, a time before it. */
  before: string;
  cause: Cause;
  actor: string;
  change: HistoryChange;
}

/** Several changes with one cause and one actor, shown in one line until it is opened. */
export interface Fold {
  /** Stays the same when newer changes join. */
  key: string;
  /** Newest first. */
  lines: readonly ChangeLine[];
}

export const isFold = (row: ChangeLine | Fold): row is Fold => 'lines' in row;

/** Returns the id of the instance that a change is about; empty for a service. */
export const idOf = (change: HistoryChange): string => (change.kind === 'service' ? '' : change.id);

/**
 * Splits entries into their changes, both newest first.
 *
 * @param older Cursor of the entry before the oldest one, if known.
 * @param isGapless False: other changes of the same records may lie between two entries, as they are filtered.
 */
export function linesOf(entries: readonly HistoryEntry[], older: string | undefined, isGapless = true): ChangeLine[] {
  return entries.flatMap(({ revision, at, cursor, actor, changes }, index) =>
    changes.map((change) => ({
      key: JSON.stringify([revision, change.kind, change.group, change.service, idOf(change)]),
      at,
      cursor,
      before: (isGapless && (entries[index + 1]?.cursor ?? older)) || timeBefore(at),
      cause: change.cause,
      actor,
      change,
    })),
  );
}

const timeBefore = (at: string): string => new Date(Date.parse(at) - 1).toISOString();

/**
 * Folds three or more changes of one cause and one actor within ten seconds. Services do not fold with instances. Each fold
 * takes the place of its newest change.
 *
 * Folds are made from the oldest change on, so that those that exist stay as they are when newer changes come.
 *
 * @param lines Newest first.
 */
export function foldLines(lines: readonly ChangeLine[]): (ChangeLine | Fold)[] {
  const folds = new Map<ChangeLine, ChangeLine[]>();
  const current = new Map<string, { start: number; lines: ChangeLine[] }>();
  for (const line of lines.toReversed()) {
    const { cause, actor, change } = line;
    const key = JSON.stringify([cause, actor, change.kind === 'service']);
    const at = Date.parse(line.at);
    let fold = current.get(key);
    if (fold === undefined || at - fold.start > FOLD_MS) {
      fold = { start: at, lines: [] };
      current.set(key, fold);
    }
    fold.lines.unshift(line);
    folds.set(line, fold.lines);
  }
  return lines.flatMap((line): (ChangeLine | Fold)[] => {
    const fold = folds.get(line) ?? [];
    if (fold.length < FOLD_MIN_COUNT) return [line];
    return line === fold[0] ? [{ key: `fold ${fold.at(-1)?.key}`, lines: fold }] : [];
  });
}

/** Facts of a fold, for its sentence. */
export interface FoldFacts {
  cause: Cause;
  actor: string;
  changes: number;
  /** Number of different instances, or of services. */
  records: number;
  isOfServices: boolean;
  /** The only service, if there is just one. */
  service: { group: string; service: string } | undefined;
  /** Id of the only instance, or name of the only service, if there is just one. */
  id: string | undefined;
  from: string;
  to: string;
}

/** Returns the facts of a fold; undefined if it is empty. */
export function factsOf({ lines }: Fold): FoldFacts | undefined {
  const [newest] = lines;
  const oldest = lines.at(-1);
  if (newest === undefined || oldest === undefined) return undefined;
  const { cause, actor, change } = newest;
  const { group, service } = change;
  const serviceKey = ({ change }: ChangeLine) => JSON.stringify([change.group, change.service]);
  const isOne = lines.every((line) => serviceKey(line) === serviceKey(newest));
  const records = new Set(lines.map((line) => serviceKey(line) + idOf(line.change))).size;
  return {
    cause,
    actor,
    changes: lines.length,
    records,
    isOfServices: change.kind === 'service',
    service: isOne ? { group, service } : undefined,
    id: records === 1 ? idOf(change) || service : undefined,
    from: oldest.at,
    to: newest.at,
  };
}

/** Counts times in equal parts of a range. Times outside of it are not counted. */
export function binsOf(times: readonly number[], from: number, to: number, count: number): number[] {
  const bins = Array<number>(count).fill(0);
  const width = Math.max(1, to - from) / count;
  for (const time of times) {
    if (time < from || time > to) continue;
    const index = Math.min(count - 1, Math.floor((time - from) / width));
    bins[index] = (bins[index] ?? 0) + 1;
  }
  return bins;
}
