import type { Cause, HistoryChange, HistoryEntry } from '../../client/wire/history-answers';

/** Longest time between the first and the last change of a fold. */
const FOLD_MS = 10_000;

/** Fewest changes that fold. */
const FOLD_MIN_COUNT = 3;

/** One change of one record or entry. */
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

/** A change of an instance, its settings or a service. */
export type RecordChange = Exclude<HistoryChange, { kind: 'entry' }>;

/** Returns a change if it is one of a service or of its instances; undefined for an entry. */
export const recordOf = (change: HistoryChange): RecordChange | undefined =>
  change.kind === 'entry' ? undefined : change;

/** Returns the key of an entry: text, or base64 if it is not UTF-8. */
export const keyOf = ({ key, keyBase64 = '' }: Extract<HistoryChange, { kind: 'entry' }>): string => key ?? keyBase64;

/** Returns the id of the instance that a change is about, or the key of its entry; empty for a service. */
export const idOf = (change: HistoryChange): string =>
  change.kind === 'entry' ? keyOf(change) : change.kind === 'service' ? '' : change.id;

/** Returns the name of the service that a change is about, as a key; the same for all entries. */
const serviceKey = ({ change }: Pick<ChangeLine, 'change'>): string => {
  const record = recordOf(change);
  return JSON.stringify([record?.group, record?.service]);
};

/**
 * Splits entries into their changes, both newest first.
 *
 * @param older Cursor of the entry before the oldest one, if known.
 * @param isGapless False: other changes of the same records may lie between two entries, as they are filtered.
 */
export function linesOf(entries: readonly HistoryEntry[], older: string | undefined, isGapless = true): ChangeLine[] {
  return entries.flatMap(({ revision, at, cursor, actor, changes }, index) =>
    changes.map((change) => ({
      key: JSON.stringify([revision, change.kind, serviceKey({ change }), idOf(change)]),
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
 * Folds three or more changes of one cause and one actor within ten seconds. Services, instances and entries fold separately. Each fold
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
    const key = JSON.stringify([cause, actor, foldedAs(change)]);
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

/** Returns the name of the records that a change folds with. */
const foldedAs = ({ kind }: HistoryChange): FoldFacts['of'] =>
  kind === 'entry' ? 'entries' : kind === 'service' ? 'services' : 'instances';

/** Facts of a fold, for its sentence. */
export interface FoldFacts {
  cause: Cause;
  actor: string;
  changes: number;
  /** Number of different instances, services or entries. */
  records: number;
  of: 'instances' | 'services' | 'entries';
  /** The only service, if there is just one. */
  service: { group: string; service: string } | undefined;
  /** Id of the only instance, name of the only service, or key of the only entry, if there is just one. */
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
  const record = recordOf(change);
  const isOne = lines.every((line) => serviceKey(line) === serviceKey(newest));
  const records = new Set(lines.map((line) => serviceKey(line) + idOf(line.change))).size;
  return {
    cause,
    actor,
    changes: lines.length,
    records,
    of: foldedAs(change),
    service: isOne && record ? { group: record.group, service: record.service } : undefined,
    id: records === 1 ? idOf(change) || record?.service : undefined,
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
