import type { SeededRandom } from '../simulation/seeded-random';
import type { DiskCall } from './disk-calls';

/** Size of a sector. A disk writes each as a whole, in any order. */
const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;

/** Approximate number of moments until a database is open or erased. */
const OPENING_MOMENTS = 100;

/** Time of a change that no later flush writes, because the system marked its page clean after a failed flush. */
const LOST = Number.MAX_VALUE;

/** A change of a file's bytes or length. */
interface Change {
  start: number;
  end: number;
  /** Return time of a flush that began after the change; infinite if there was none or an earlier one failed. */
  durableAt: number;
  offset: number;
  /** The written bytes; undefined if the file was truncated at the offset. */
  bytes: Buffer | undefined;
}

/** The file that a name in the folder refers to from a moment on, or none. */
interface Entry {
  start: number;
  end: number;
  durableAt: number;
  changes: Change[] | undefined;
}

/** Order in which unflushed changes reach the disk. */
type Fate = 'none' | 'all' | 'sectors' | 'pages' | 'cut' | 'one missing' | 'one alone';
const FATES: readonly Fate[] = ['none', 'all', 'sectors', 'sectors', 'pages', 'cut', 'one missing', 'one alone'];

/** History of the calls on a folder. Derives possible states of the disk after a power loss at any moment. */
export class DiskHistory {
  readonly #folder: string;
  /** Entries by name. Processes see the last one. */
  readonly #names = new Map<string, Entry[]>();
  /** Printed lines with their times. */
  readonly lines: { at: number; line: string }[] = [];
  /** Moments at which something changed. */
  readonly #moments: number[] = [];
  /** Indexes of the moments at which a process starts or begins to erase. */
  readonly #starts: number[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Time of the last call. */
  get end(): number {
    return this.#moments.at(-1) ?? 0;
  }

  /** Adds the calls of the next process. */
  add(calls: readonly DiskCall[]): void {
    this.#starts.push(this.#moments.length);
    for (const { action, start, end, succeeded } of calls) {
      this.#moments.push(start);
      if (Number.isFinite(end)) this.#moments.push(end);
      if (action.kind === 'print') {
        this.lines.push({ at: start, line: action.line });
        if (action.line.startsWith('erasing')) this.#starts.push(this.#moments.length);
      }
      if (action.kind === 'flush') this.#flush(action.path, start, end, succeeded);
      else if (action.kind !== 'print' && (succeeded || end === Number.POSITIVE_INFINITY))
        this.#change(action, start, end);
    }
    this.#moments.sort((one, other) => one - other);
  }

  /** Returns a random moment, preferring those in which a process opens or erases the database. */
  anyMoment(random: SeededRandom): number {
    const start = random.fraction() < 0.4 ? chosen(this.#starts, random) : undefined;
    const last = this.#moments.length - 1;
    const index =
      start === undefined ? random.whole(0, last) : Math.min(last, start + random.whole(0, OPENING_MOMENTS));
    return this.#moments[index] ?? 0;
  }

  /**
   * Returns a possible folder after a power loss. It contains any of the unflushed sectors, and any of the earlier states of
   * unflushed names.
   */
  imageAt(time: number, random: SeededRandom): Map<string, Buffer> {
    const image = new Map<string, Buffer>();
    for (const [name, entries] of this.#names) {
      const past = entries.filter(({ start }) => start <= time);
      const durable = past.findLastIndex(({ durableAt }) => durableAt <= time);
      const possible = past.slice(Math.max(0, durable));
      // The name did not exist before its first entry.
      const changes = durable < 0 && random.fraction() < 0.5 ? undefined : chosen(possible, random)?.changes;
      if (changes !== undefined) image.set(name, bytesAt(changes, time, random));
    }
    return image;
  }

  #change(action: Exclude<DiskCall['action'], { kind: 'print' | 'flush' }>, start: number, end: number): void {
    const name = action.path.slice(this.#folder.length + 1);
    // Shared memory, which SQLite creates again when the first process opens the database.
    if (name === '' || name.endsWith('-shm')) return;
    const entries = this.#names.get(name) ?? [];
    this.#names.set(name, entries);
    const changes = entries.at(-1)?.changes;
    const durableAt = Number.POSITIVE_INFINITY;
    if (action.kind === 'unlink') entries.push({ start, end, durableAt, changes: undefined });
    else if (action.kind === 'open') {
      if (changes === undefined && action.makes) entries.push({ start, end, durableAt, changes: [] });
      if (action.cuts) changes?.push({ start, end, durableAt, offset: 0, bytes: undefined });
    } else if (changes !== undefined) {
      const [offset, bytes] = action.kind === 'write' ? [action.offset, action.bytes] : [action.length, undefined];
      changes.push({ start, end, durableAt, offset, bytes });
    }
  }

  #flush(path: string, start: number, end: number, succeeded: boolean): void {
    // One that a kill interrupted has not failed: the pages stay dirty, and another flush under way still writes them.
    if (end === Number.POSITIVE_INFINITY) return;
    const name = path.slice(this.#folder.length + 1);
    const flushed: (Entry | Change)[] =
      path === this.#folder ? [...this.#names.values()].flat() : (this.#names.get(name)?.at(-1)?.changes ?? []);
    for (const change of flushed) {
      if (change.end > start || change.durableAt === LOST) continue;
      // The first of several overlapping flushes to return counts.
      if (succeeded) change.durableAt = Math.min(change.durableAt, end);
      else if (change.durableAt === Number.POSITIVE_INFINITY) change.durableAt = LOST;
    }
  }
}

const chosen = <Item>(items: readonly Item[], random: SeededRandom): Item | undefined =>
  items[random.whole(0, items.length - 1)];

/** Returns a possible content of a file: all durable bytes and some of the later ones. */
function bytesAt(changes: readonly Change[], time: number, random: SeededRandom): Buffer {
  const past = changes.filter(({ start }) => start <= time);
  const looseCount = past.filter(({ durableAt }) => durableAt > time).length;
  const fate = chosen(FATES, random) ?? 'none';
  const special = random.whole(0, Math.max(0, looseCount - 1));
  const length = past.reduce((most, { offset, bytes }) => Math.max(most, offset + (bytes?.length ?? 0)), 0);
  const content = Buffer.alloc(length);
  let size = 0;
  let order = 0;
  for (const { offset, bytes, durableAt } of past) {
    const share = durableAt <= time ? 'whole' : shareOf(fate, order, special);
    if (durableAt > time) order += 1;
    if (share === 'nothing') continue;
    const unit = share === 'sectors' ? SECTOR_BYTES : share === 'pages' ? PAGE_BYTES : Number.POSITIVE_INFINITY;
    const end = offset + (bytes?.length ?? 0);
    for (let from = offset; from < end; ) {
      const to = Math.min(end, (Math.floor(from / unit) + 1) * unit);
      if (share === 'whole' || random.fraction() < 0.5) {
        bytes?.copy(content, from, from - offset, to - offset);
        size = Math.max(size, to);
      }
      from = to;
    }
    if (bytes !== undefined || (share !== 'whole' && random.fraction() < 0.5)) continue;
    size = Math.min(size, offset);
    content.fill(0, size);
  }
  return content.subarray(0, size);
}

function shareOf(fate: Fate, order: number, special: number): 'whole' | 'sectors' | 'pages' | 'nothing' {
  switch (fate) {
    case 'none':
      return 'nothing';
    case 'all':
      return 'whole';
    case 'sectors':
      return 'sectors';
    case 'pages':
      return 'pages';
    case 'cut':
      if (order === special) return 'sectors';
      return order < special ? 'whole' : 'nothing';
    case 'one missing':
      return order === special ? 'nothing' : 'whole';
    case 'one alone':
      return order === special ? 'whole' : 'nothing';
  }
}
