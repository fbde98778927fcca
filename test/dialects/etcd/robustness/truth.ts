import type { ShownKey, WatchedEvent, WatchHistory } from './history';
import type { Effect, State } from './model';

/** All changes of one revision. */
export interface TrueRevision {
  revision: number;
  effects: Effect[];
  before: State;
  after: State;
}

const NOTHING: State = new Map();

/**
 * The changes of a run, as a watch of all keys from the first revision received them.
 *
 * The watch is not believed: each event has to continue what the events before it left, by its version, its revisions and
 * the previous value, so that one that is missing or moved is noticed.
 */
export class Truth {
  readonly revisions: TrueRevision[] = [];
  readonly problems: string[] = [];
  /** Time at which a revision was first seen. */
  readonly seenAt = new Map<number, number>();

  constructor(watches: readonly WatchHistory[]) {
    const open = new Map<number, WatchedEvent[]>();
    for (const { responses } of watches) {
      for (const { at, events } of responses) {
        for (const event of events) {
          if (!this.seenAt.has(event.revision)) this.seenAt.set(event.revision, at);
          open.set(event.revision, [...(open.get(event.revision) ?? []), event]);
        }
      }
    }
    for (const [revision, events] of [...open].sort(([a], [b]) => a - b)) this.#add(revision, events);
  }

  /** Newest revision that has changed something; 1 if there is none. */
  get head(): number {
    return this.revisions.at(-1)?.revision ?? 1;
  }

  /** Returns the changes of a revision; undefined if it has none. */
  at(revision: number): TrueRevision | undefined {
    const found = this.#lastUpTo(revision);
    return found?.revision === revision ? found : undefined;
  }

  /** Returns the keys as of a revision. */
  stateAt(revision: number): State {
    return this.#lastUpTo(revision)?.after ?? NOTHING;
  }

  #lastUpTo(revision: number): TrueRevision | undefined {
    let [low, high] = [0, this.revisions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.revisions[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.revisions[low - 1];
  }

  #add(revision: number, events: readonly WatchedEvent[]): void {
    const before = this.revisions.at(-1)?.after ?? NOTHING;
    const after = new Map(before);
    const effects = events.map(({ type, key, after: shown, before: previous }): Effect => {
      const was = after.get(key) ?? null;
      if (textOf(previous ?? null) !== textOf(was)) {
        this.problems.push(
          `revision ${revision} shows ${key} as ${textOf(previous ?? null)} before, not ${textOf(was)}`,
        );
      }
      if (type === 'delete') {
        if (was === null) this.problems.push(`revision ${revision} deletes ${key}, which does not exist`);
        after.delete(key);
      } else if (shown !== null) {
        const version = (was?.version ?? 0) + 1;
        const should = { ...shown, version, created: was?.created ?? revision, modified: revision };
        if (textOf(shown) !== textOf(should)) {
          this.problems.push(`revision ${revision} shows ${textOf(shown)}, not ${textOf(should)}`);
        }
        after.set(key, shown);
      }
      return { type, key, after: shown, before: was };
    });
    this.revisions.push({ revision, effects, before, after });
  }
}

/** Returns a text that is the same for equal keys. */
export function textOf(shown: ShownKey | null): string {
  if (shown === null) return 'nothing';
  const { key, value, created, modified, version, lease } = shown;
  return `${key}=${value} (${created}, ${modified}, version ${version}, lease ${lease})`;
}

/** Returns a text that is the same for equal changes. */
export function effectText({ type, key, after }: Pick<Effect, 'type' | 'key' | 'after'>): string {
  return type === 'delete' ? `deletes ${key}` : `puts ${textOf(after)}`;
}
