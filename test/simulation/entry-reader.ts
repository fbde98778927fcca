import { decodeCursor } from '../../src/model/cursor';
import { type EntryView, keyOf } from '../../src/model/entry';
import { readJsonText } from '../../src/model/json';
import { intervalOfPrefix, isWithin, type KeyInterval } from '../../src/model/key-interval';
import type { KeptEntry, PresentEntry } from './entry-replica';
import { compactedRevision, emptiedRevision } from './journal-rows';
import type { SeededRandom } from './seeded-random';
import type { World } from './world';

const CALLER = { tokenId: 'entry-reader', operates: true };

const SEEN_KEPT_COUNT = 20;

/** A range in an earlier answer. */
interface SeenRange {
  interval: KeyInterval;
  cursor: string;
  shown: string;
}

/** Reads entries and leases, and compares the answers with the journal at their revision. */
export class EntryReader {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #seen: SeenRange[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
  }

  async live(): Promise<never> {
    const { reads } = this.#world.scenario;
    for (;;) {
      await this.#world.sleep(this.#random.magnitude(reads.from, reads.to));
      await this.#world.untilUp();
      const what = this.#random.weighted({ range: 5, past: 2, history: 2, lease: 3 });
      if (what === 'range') await this.#range();
      else if (what === 'past') await this.#past();
      else if (what === 'history') await this.#history();
      else await this.#lease();
    }
  }

  async #range(): Promise<void> {
    const interval = intervalOfPrefix(this.#random.pick(['', 'shared/', 'locks/', 'lease-']));
    const known = this.#random.chance(0.3)
      ? this.#seen.find((each) => each.interval.from === interval.from)
      : undefined;
    await this.#world.ask(
      {
        name: `reads the range ${interval.from}`,
        ask: (registry) => registry.rangeEntries({ interval, ifNoneMatch: known?.cursor }),
      },
      ({ body, cursor }, heardAt, revision) => {
        const there = this.#at(interval, revision);
        if (there === undefined) return;
        const expected = digest(there.map(([key, { revision: at, entry }]) => textOf(key, at, entry)));
        if (body === null) {
          if (known?.shown !== expected) this.#wrong(`${interval.from} is reported as unchanged`);
          return;
        }
        const { entries, more } = readJsonText(body);
        const shown = digest(entries.map(textOfView));
        if (more || shown !== expected) this.#wrong(`the range ${interval.from} shows ${shown}, not ${expected}`);
        this.#checkHolders(entries, heardAt);
        this.#remember({ interval, cursor, shown });
      },
    );
  }

  /** Reads a range as of an earlier answer, however old. */
  async #past(): Promise<void> {
    const seen = this.#seen[this.#random.whole(0, this.#seen.length - 1)];
    if (seen === undefined) return;
    const { interval, cursor, shown } = seen;
    const { machine } = this.#world;
    const name = `reads ${interval.from} as of ${cursor}`;
    const reply = await machine.call({
      name,
      ask: (registry) => registry.rangeEntries({ interval, at: cursor }),
      onAnswer: (answer) => {
        const now = answer.body === null ? '' : digest(readJsonText(answer.body).entries.map(textOfView));
        if (now !== shown) this.#world.report('KV5', `${name} shows ${now}, but has shown ${shown}`);
      },
    });
    if (reply.kind !== 'refusal') return;
    const { plain } = machine.disk;
    const lost = Math.max(compactedRevision(plain), emptiedRevision(plain));
    const isKept = (decodeCursor(cursor)?.revision ?? 0) > lost;
    if (reply.code !== 'COMPACTED' || isKept) this.#world.report('KV5', `${name} was refused with ${reply.code}`);
    else this.#seen.splice(this.#seen.indexOf(seen), 1);
  }

  /** Reads the newest changes of a key, which are a chain. */
  async #history(): Promise<void> {
    const { entries } = this.#world.chronicle.replica;
    const present = entries.all() ?? [];
    const key = present[this.#random.whole(0, present.length - 1)]?.[0];
    if (key === undefined) return;
    await this.#world.ask(
      { name: `reads the history of ${key}`, ask: (registry) => registry.entryHistory({ key, limit: 5 }) },
      ({ body }, _heardAt, revision) => {
        const { changes, compacted } = readJsonText(body);
        const newest = entries.at(key, revision);
        const [first] = changes;
        if (newest === undefined || (first === undefined && compacted)) return;
        if (newest.entry !== null && first?.revision !== newest.revision && !compacted)
          this.#world.report('KV6', `the history of ${key} begins at ${first?.revision}, not at ${newest.revision}`);
        for (const [index, { before }] of changes.entries()) {
          const earlier = changes[index + 1];
          if (earlier !== undefined && JSON.stringify(before) !== JSON.stringify(earlier.after))
            this.#world.report('KV6', `the history of ${key} has a break before ${changes[index]?.revision}`);
        }
      },
    );
  }

  /** Lists the leases, and reads one with what it holds. */
  async #lease(): Promise<void> {
    const { granted, chronicle } = this.#world;
    const ids: string[] = [];
    await this.#world.ask(
      { name: 'lists leases', ask: (registry) => registry.listLeases(CALLER, {}) },
      ({ body }, heardAt) => {
        for (const { id } of readJsonText(body).leases) {
          granted.shown(id, heardAt);
          ids.push(id);
        }
      },
    );
    const lease = ids[this.#random.whole(0, ids.length - 1)];
    if (lease === undefined) return;
    await this.#world.ask(
      { name: `reads the lease ${lease}`, ask: (registry) => registry.readLease(CALLER, { lease }) },
      ({ body }, heardAt, revision) => {
        granted.shown(lease, heardAt);
        const there = chronicle.replica.entries.all(revision);
        if (there === undefined) return;
        const { holds, locks } = readJsonText(body);
        const held = there.filter(([, { entry }]) => String(entry.lease) === lease).length;
        const locked = there.flatMap(([key, { entry }]) => (String(entry.lock?.lease) === lease ? key : []));
        if (holds.entries !== held || locks.map(keyOf).join() !== locked.join())
          this.#wrong(`the lease ${lease} shows ${body}, but holds ${held} and has locked ${locked.join()}`);
      },
    );
  }

  /** Checks that no lease that should have ended holds or has locked an entry. */
  #checkHolders(entries: readonly EntryView[], heardAt: number): void {
    const { granted } = this.#world;
    const rows = new Map(granted.rowsOnDisk().map((row) => [row.id, row]));
    for (const id of new Set(entries.flatMap(({ lease, lock }) => [lease ?? [], lock?.lease ?? []].flat()))) {
      if (rows.get(id)?.isEnding === false) granted.shown(id, heardAt);
    }
  }

  #at(interval: KeyInterval, revision: number): [string, PresentEntry][] | undefined {
    return this.#world.chronicle.replica.entries.all(revision)?.filter(([key]) => isWithin(key, interval));
  }

  #remember(seen: SeenRange): void {
    if (this.#seen.length < SEEN_KEPT_COUNT) this.#seen.push(seen);
    else this.#seen[this.#random.whole(0, SEEN_KEPT_COUNT - 1)] = seen;
  }

  #wrong(what: string): void {
    this.#world.report('V1', what);
  }
}

const digest = (texts: readonly string[]): string => texts.join('\n');

function textOf(key: string, revision: number, { createdRevision, version, lease, lock, value }: KeptEntry): string {
  const locked = lock === undefined ? null : [lock.lease, lock.index, lock.acquiredRevision];
  return JSON.stringify([key, revision, createdRevision, version, lease, locked, value.length, value.slice(0, 40)]);
}

function textOfView(view: EntryView): string {
  const { lease, lock, value = '', revision, createdRevision, version } = view;
  const held = (id: string | undefined) => (id === undefined ? null : Number(id));
  const kept = { lease: held(lease), lock: lock && { ...lock, lease: held(lock.lease) } };
  return textOf(keyOf(view), revision, { createdRevision, version, ...kept, actor: '', contentType: '', value });
}
