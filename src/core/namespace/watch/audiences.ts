import type { PublishedRevision } from '../commit/commit-state';
import type { ServiceCounts } from './service-counts';
import { type ChangeText, changesFrames, SharedFrames, withPreviousEntries } from './watch-frames';
import type { WatchIndex } from './watch-scope';
import type { Watcher } from './watcher';

/** Frames of one revision, and the watchers that receive them. */
export interface Audience {
  watchers: Watcher[];
  changes: readonly ChangeText[];
  frames: SharedFrames;
  /** The same frames with counts; undefined if none of its watchers asked for them. */
  counted?: SharedFrames;
}

/** Groups watchers by the changes that they receive, so that each frame is encoded once. */
export function audiencesOf(
  index: WatchIndex<Watcher>,
  published: PublishedRevision,
  texts: readonly ChangeText[],
): Audience[] {
  const audience = (watchers: Watcher[], changes: readonly ChangeText[]): Audience => {
    return { watchers, changes, frames: new SharedFrames(changesFrames(published, changes)) };
  };
  const [first, ...more] = texts;
  if (first === undefined) return [];
  if (more.length === 0 && first.withPrevious === undefined) return [audience([...index.watchersOf(first.of)], texts)];
  const audiences = new Map<string, Audience>();
  for (const [watcher, indexes] of changesByWatcher(index, texts)) {
    const { previous = false } = watcher.memory;
    const name = `${indexes.length === texts.length ? 'all' : indexes.join()} ${previous}`;
    const known = audiences.get(name);
    if (known !== undefined) {
      known.watchers.push(watcher);
      continue;
    }
    const seen = indexes.flatMap((each) => texts[each] ?? []);
    audiences.set(name, audience([watcher], previous ? withPreviousEntries(seen) : seen));
  }
  return [...audiences.values()];
}

/** Returns the indexes of the changes that each watcher receives. */
function changesByWatcher(index: WatchIndex<Watcher>, texts: readonly ChangeText[]): Map<Watcher, number[]> {
  const indexesOf = new Map<Watcher, number[]>();
  for (const [position, { of }] of texts.entries()) {
    for (const watcher of index.watchersOf(of)) {
      const indexes = indexesOf.get(watcher);
      if (indexes === undefined) indexesOf.set(watcher, [position]);
      else indexes.push(position);
    }
  }
  return indexesOf;
}

/** Adds frames with counts to each audience that has a watch which asked for them. */
export function addCounts(audiences: readonly Audience[], counts: ServiceCounts): void {
  for (const audience of audiences) {
    if (!audience.watchers.some(({ memory }) => memory.counts)) continue;
    audience.counted = new SharedFrames(counts.addedTo(audience.frames.frames, audience.changes));
  }
}
