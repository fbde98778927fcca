import { afterAll, describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../src/model/history';
import type { InstanceView } from '../../src/model/instance';
import { readJsonText } from '../../src/model/json';
import { bodyOf } from '../contracts/namespace/scene';
import { recordChanges } from '../fixtures/watched-ids';
import { RandomPast, SERVICES, type Seen } from './random-past';

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const STEPS = 120;

/** Ignores the flapping mark, which ends by time alone and is not part of the past. */
const lasting = (instances: readonly InstanceView[]) => instances.map(({ flapping: _flapping, ...view }) => view);

async function lived(seed: number, hasImports = true): Promise<RandomPast> {
  const past = new RandomPast(seed, hasImports);
  await past.live(STEPS);
  return past;
}

const kept = new Map<number, Promise<RandomPast>>();

/** Returns a past for tests that only read, because creating it takes as long as all their reads. */
function toRead(seed: number): Promise<RandomPast> {
  const past = kept.get(seed) ?? lived(seed);
  kept.set(seed, past);
  return past;
}

/** Returns the whole history, newest first, in pages of a random size. */
async function wholeHistory({ api, random }: RandomPast, scope: object = {}): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  let after: string | undefined;
  do {
    const page = bodyOf(await api.history({ ...scope, after, limit: random.whole(1, 30) }));
    entries.push(...page.entries);
    if (entries.length > 5_000) throw new Error('the pages do not end');
    after = page.next;
  } while (after !== undefined);
  return entries;
}

/** Returns an entry of the history with its changes of keys alone. */
function ofEntries(entry: HistoryEntry): HistoryEntry {
  return { ...entry, changes: entry.changes.filter(({ kind }) => kind === 'entry') };
}

describe('the past', () => {
  afterAll(() => kept.clear());

  it.each(SEEDS)('[I7, J6] equals at every cursor and time what a read showed then, with seed %i', async (seed) => {
    const { api, seen } = await toRead(seed);
    expect(seen.length).toBeGreaterThan(40);
    for (const [index, { cursor, at, services, entries }] of seen.entries()) {
      const isLastOfItsTime = seen[index + 1]?.at !== at;
      const points = isLastOfItsTime ? [cursor, new Date(at).toISOString()] : [cursor];
      for (const point of points) {
        const range = await api.rangeEntries({ interval: { from: '' }, at: point });
        expect(range.cursor).toBe(cursor);
        expect(range.body === null ? [] : readJsonText(range.body).entries).toEqual(entries);
        for (const [which, key] of SERVICES.entries()) {
          const list = await api.listInstances({ ...key, filter: {}, at: point });
          expect(list.cursor).toBe(cursor);
          expect(lasting(bodyOf(list).instances)).toEqual(lasting(services[which]?.instances ?? []));
        }
      }
    }
  });

  it.each(SEEDS)(
    '[J7] differs between two moments by the changes that turn one into the other, with seed %i',
    async (seed) => {
      const past = await toRead(seed);
      for (let pair = 0; pair < 40; pair++) {
        const from = past.random.pick(past.seen as [Seen, ...Seen[]]); // `as`: there is always a first one
        const to = past.random.pick(past.seen as [Seen, ...Seen[]]);
        for (const [which, key] of SERVICES.entries()) {
          const diff = bodyOf(await past.api.diff({ ...key, from: from.cursor, to: to.cursor }));
          const made = new Map((from.services[which]?.instances ?? []).map((view) => [view.id, view]));
          for (const { id, before, after } of diff.instances) {
            expect(lasting(made.has(id) ? [made.get(id) as InstanceView] : [])).toEqual(
              lasting(before === null ? [] : [before]),
            );
            if (after === null) made.delete(id);
            else made.set(id, after);
          }
          const ordered = [...made.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
          expect(lasting(ordered)).toEqual(lasting(to.services[which]?.instances ?? []));
          const own = (seen: Seen) => seen.services[which]?.own;
          if (diff.service === undefined) expect(own(from)).toBe(own(to));
          else {
            const { persistent, metadata, protectThreshold, selector } = diff.service.after;
            expect(JSON.stringify({ persistent, metadata, protectThreshold, selector })).toBe(own(to));
          }
        }
      }
    },
  );

  it.each(SEEDS)('[J4] has the history that watchers saw, with seed %i', async (seed) => {
    const past = await lived(seed, false);
    const watched = past.watcher.takeOnly('changes');
    const entries = (await wholeHistory(past)).reverse();
    expect(entries.map(({ revision }) => revision)).toEqual(entries.map((_, index) => index + 1));
    const byCursor = new Map(entries.map((entry) => [entry.cursor, entry]));
    for (const { cursor, cause, actor, at, changes } of watched) {
      const entry = byCursor.get(cursor);
      expect({ cause: entry?.cause, actor: entry?.actor, at: entry?.at }).toEqual({ cause, actor, at });
      for (const change of recordChanges(changes)) {
        const named = entry?.changes.filter(
          (each) =>
            each.kind !== 'entry' &&
            each.service === change.service &&
            (each.kind === 'service' ? '' : each.id) === change.id,
        );
        expect(named?.length, `${cursor} ${change.id}`).toBeGreaterThan(0);
        const instance = named?.find(({ kind }) => kind === 'instance');
        if (change.type === 'delete')
          expect(named?.every(({ kind, after }) => kind === 'override' || after === null)).toBe(true);
        else if (instance !== undefined) expect(instance.after).toMatchObject({ revision: change.after.revision });
      }
    }
    // Watchers receive every change except overrides of instances that do not exist.
    const known = new Set(watched.map(({ cursor }) => cursor));
    for (const { cursor, changes } of entries) {
      if (!known.has(cursor))
        expect(changes.map(({ kind }) => kind)).toEqual(
          changes.map(({ kind }) => (kind === 'entry' ? 'entry' : 'override')),
        );
    }
  });

  it.each(SEEDS)(
    '[I7, J4] gives the entries of every moment when their history is replayed, with seed %i',
    async (seed) => {
      const past = await toRead(seed);
      const revisions = (await wholeHistory(past, { keys: { from: '' } })).reverse();
      expect(revisions.length).toBeGreaterThan(10);
      const whole = (await wholeHistory(past)).reverse().map((entry) => ofEntries(entry));
      expect(whole.filter(({ changes }) => changes.length > 0)).toEqual(revisions);
      const replayed = new Map<string, object>();
      let next = 0;
      for (const { revision, entries } of past.seen) {
        for (
          let entry = revisions[next];
          entry !== undefined && entry.revision <= revision;
          entry = revisions[++next]
        ) {
          for (const change of entry.changes) {
            if (change.kind !== 'entry' || change.key === undefined) throw new Error('this is the history of texts');
            expect(change.before).toEqual(replayed.get(change.key) ?? null);
            if (change.after === null) replayed.delete(change.key);
            else replayed.set(change.key, change.after);
          }
        }
        expect(Object.fromEntries(replayed)).toEqual(
          Object.fromEntries(entries.map(({ key, ...content }) => [key, content])),
        );
      }
    },
  );

  it.each(SEEDS)('[J4] has the same history by service and by instance as in total, with seed %i', async (seed) => {
    const past = await toRead(seed);
    const all = await wholeHistory(past);
    for (const { group, service } of SERVICES) {
      const part = (id?: string) =>
        all
          .map((entry) => ({
            ...entry,
            changes: entry.changes.filter(
              (change) =>
                change.kind !== 'entry' &&
                change.service === service &&
                (id === undefined || (change.kind !== 'service' && change.id === id)),
            ),
          }))
          .filter(({ changes }) => changes.length > 0);
      expect(await wholeHistory(past, { group, service })).toEqual(part());
      for (const id of ['a', 'b', 'never']) {
        expect(await wholeHistory(past, { group, service, instance: id })).toEqual(part(id));
      }
    }
  });

  it.each(SEEDS)('[J9] rolled back changes no value that instances set, with seed %i', async (seed) => {
    const past = await lived(seed);
    for (let turn = 0; turn < 10; turn++) {
      for (const key of SERVICES) {
        const { before, after } = await past.rollBack(key);
        expect(after).toEqual(before);
      }
    }
  });
});
