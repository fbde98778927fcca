import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { key } from '../../../../test/fixtures/definition';
import { EntryCalls, keyOf } from '../../../../test/fixtures/entry-calls';
import { HandPlatform } from '../../../../test/fixtures/hand-platform';
import { cards, roster } from '../../../../test/fixtures/made-up-layouts';
import { settle } from '../../../../test/simulation/virtual-time';
import { utf8Bytes } from '../../../model/bytes';
import { readJsonText } from '../../../model/json';
import type { Layout, LayoutRule } from '../../../model/layout';
import { LAYOUT_SLICE_MAX_COUNT, LEASE_END_SLICE_MAX_COUNT } from '../../../model/limits';
import type { Draft } from '../commit/draft';
import { Registry } from '../core';
import { endGranted, grantLease } from '../leases/granting';
import { continueEnds } from '../leases/slow-end';
import { configure } from '../lifecycle';
import { attendLookAgain } from './look-again';

const CARDS: LayoutRule = { kind: 'cards', prefix: 'cards/', show: true };
const SHOWN: LayoutRule = { kind: 'roster', prefix: 'shown/', show: true };

function awaken(layouts: readonly Layout[] = [roster, cards], platform = new HandPlatform()): AwakeNamespace {
  platform.layouts = layouts;
  return new AwakeNamespace(platform);
}

/** Wakes the namespace of the same storage with other layouts, and lets it look at everything again. */
async function awakenAgain({ platform }: AwakeNamespace, layouts: readonly Layout[]): Promise<AwakeNamespace> {
  await settle();
  platform.loseMemory();
  const awake = awaken(layouts, platform);
  await awake.pass(1_000);
  return awake;
}

async function layOut(awake: AwakeNamespace, ...layouts: LayoutRule[]): Promise<void> {
  await configure(awake.state, { retention: {}, limits: {}, layouts });
  await awake.pass(1_000);
}

/** Grants a lease without an end. Returns its number. */
const lease = ({ state }: AwakeNamespace): number => grantLease(state, OWNER, { ttlMs: null }, state.time.now()).id;

const card = (id: string, place = '10.0.0.9:80') => JSON.stringify({ service: 'orders', id, place });

/** Puts an entry in a draft. */
const put = (draft: Draft, name: string, value: string, held: number | null) =>
  draft.entries.put(keyOf(name), { value: utf8Bytes(value), lease: held, facts: { actor: 'owner' } }, 'put');

/** Begins the end of a lease that holds too much for one turn, and an entry besides: the first slice is done. */
async function beginSlowEnd(awake: AwakeNamespace, held: number, putOne: (draft: Draft) => void): Promise<void> {
  const { state } = awake;
  awake.commit((draft) => {
    for (let each = 0; each <= LEASE_END_SLICE_MAX_COUNT; each++) put(draft, `plain/${each}`, '', held);
    putOne(draft);
  });
  await settle();
  const granted = state.granted.get(held);
  endGranted(state, granted === undefined ? [] : [granted], 'revoked', 'owner', state.time.now());
  continueEnds(state, state.time.now());
  await settle();
}

const keysOf = ({ state }: AwakeNamespace): string[] => [...state.entries.within({ from: '' })].map((each) => each.key);

const addressOf = ({ state }: AwakeNamespace, id: string): string =>
  /"address":"([^"]*)"/.exec(state.catalog.instance(key(id))?.text ?? '')?.[1] ?? 'none';

describe('entries as instances', () => {
  it('[LO3] an instance passes from one entry to another in one revision, in either order', async () => {
    const awake = awaken();
    await layOut(awake, { ...CARDS, show: false });
    const held = lease(awake);
    awake.commit((draft) => put(draft, 'cards/1', card('a'), held));
    awake.commit((draft) => {
      put(draft, 'cards/2', card('a', '10.0.0.8:80'), held);
      draft.entries.delete('cards/1', 'deleted');
    });
    expect(awake.ids()).toEqual(['a']);
    expect(addressOf(awake, 'a')).toBe('10.0.0.8');
    awake.commit((draft) => {
      draft.entries.delete('cards/2', 'deleted');
      put(draft, 'cards/0', card('a', '10.0.0.7:80'), held);
    });
    expect(awake.ids()).toEqual(['a']);
    awake.commit((draft) => draft.entries.delete('cards/0', 'deleted'));
    expect(awake.ids()).toEqual([]);
  });

  it('[LO3] ids stay apart, however many entries describe the same instance or have a long id', async () => {
    const awake = awaken();
    await layOut(awake, { ...CARDS, show: false });
    const held = lease(awake);
    const long = 'ü'.repeat(127);
    awake.commit((draft) => {
      for (let count = 0; count < 40; count++) put(draft, `cards/${count}`, card(long), held);
    });
    expect(new Set(awake.ids()).size).toBe(40);
    awake.commit((draft) => put(draft, 'cards/x', card('x'.repeat(256)), held));
    expect(awake.ids()).toHaveLength(40);
    awake.commit((draft) => {
      for (let count = 0; count < 40; count++) draft.entries.delete(`cards/${count}`, 'deleted');
    });
    expect(awake.ids()).toEqual([]);
  });

  it('[LO2, GL2] the instance of a lease that holds much goes in the revision of its entry', async () => {
    const awake = awaken();
    const { state } = awake;
    const held = lease(awake);
    awake.commit((draft) => {
      for (let each = 0; each <= LEASE_END_SLICE_MAX_COUNT; each++) put(draft, `plain/${each}`, '', held);
      put(draft, `orders/${held}`, '10.0.0.1:80', held);
    });
    expect(awake.ids()).toEqual([String(held)]);
    const { revision } = state.journal;
    const granted = state.granted.get(held);
    endGranted(state, granted === undefined ? [] : [granted], 'revoked', 'owner', state.time.now());
    expect([awake.ids(), keysOf(awake), state.journal.revision]).toEqual([[], [], revision + 1]);
  });

  it('[LO2, GL7] the instance of a lease that is ending in slices goes with its entry, if a layout has read it since', async () => {
    const awake = awaken();
    const { state } = awake;
    const held = lease(awake);
    await beginSlowEnd(awake, held, (draft) => put(draft, 'cards/1', card('a'), held));
    await configure(state, { retention: {}, limits: {}, layouts: [{ ...CARDS, show: false }] });
    while (attendLookAgain(state, state.time.now())) await settle();
    expect(awake.ids()).toEqual(['a']);
    while (continueEnds(state, state.time.now())) await settle();
    expect([awake.ids(), keysOf(awake)]).toEqual([[], []]);
  });

  it('[LO1] a layout that fails reads and shows nothing, and is logged', async () => {
    const broken: Layout = {
      ...roster,
      read: () => {
        throw new Error('broken');
      },
      show: () => {
        throw new Error('broken');
      },
    };
    const awake = awaken([broken, cards]);
    await layOut(awake, SHOWN, { ...CARDS, show: false });
    const held = lease(awake);
    awake.put('b');
    awake.commit((draft) => put(draft, 'cards/1', card('a'), held));
    awake.commit((draft) => put(draft, `orders/${held}`, '10.0.0.1:80', held));
    expect(awake.ids()).toEqual(['a', 'b']);
    expect(awake.platform.logs.some(({ message }) => message === 'a layout failed')).toBe(true);
  });

  it('[LO1] a full namespace refuses an entry that would make an instance, and changes nothing', async () => {
    const awake = awaken();
    await configure(awake.state, { retention: {}, limits: { instances: 1 } });
    const held = lease(awake);
    awake.put('a');
    const { revision } = awake.state.journal;
    const putIt = () => awake.commit((draft) => put(draft, `orders/${held}`, '10.0.0.1:80', held));
    expect(putIt).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    expect(awake.state.journal.revision).toBe(revision);
    expect(keysOf(awake)).toEqual([]);
    awake.remove('a');
    putIt();
    expect(awake.ids()).toEqual([String(held)]);
  });

  it('[LO10] an entry that is an instance writes three rows, and one that is not two', async () => {
    const awake = awaken();
    const { counters } = awake.platform;
    const held = lease(awake);
    const rowsOf = async (name: string, value: string) => {
      await settle();
      const before = counters.rowsWritten;
      awake.commit((draft) => put(draft, name, value, held));
      await settle();
      return counters.rowsWritten - before;
    };
    // The first one also records that there is one.
    expect(await rowsOf(`first/${held}`, '10.0.0.1:80')).toBe(4);
    expect(await rowsOf(`orders/${held}`, '10.0.0.1:80')).toBe(3);
    expect(await rowsOf(`orders/${held}`, '10.0.0.2:80')).toBe(3);
    expect(await rowsOf(`orders/${held}`, '10.0.0.2:80')).toBe(2);
    expect(await rowsOf('plain', '10.0.0.2:80')).toBe(2);
  });
});

describe('instances as entries', () => {
  it('[LO6] an instance that takes no traffic any more does not come back when its shadow ends', async () => {
    const awake = awaken();
    await layOut(awake, SHOWN);
    awake.put('a');
    awake.commit((draft) => put(draft, 'shown/orders/a', 'mine', null));
    awake.commit((draft) => {
      draft.entries.delete('shown/orders/a', 'deleted');
      draft.removeInstance(key('a'), 'deregistered');
    });
    expect(keysOf(awake)).toEqual([]);
    expect([...awake.state.layouts.shadowedKeys]).toEqual([]);
  });

  it('[LO6, GL7] an instance is shown once the lease of its shadow has ended in slices', async () => {
    const awake = awaken();
    const { state } = awake;
    await layOut(awake, SHOWN);
    const held = lease(awake);
    await beginSlowEnd(awake, held, (draft) => put(draft, 'shown/orders/a', 'mine', held));
    awake.put('a');
    await settle();
    const { revision } = state.journal;
    while (continueEnds(state, state.time.now())) await settle();
    expect([keysOf(awake), state.journal.revision]).toEqual([['shown/orders/a'], revision + 1]);
    expect(state.entries.get('shown/orders/a')).toMatchObject({ version: 1, createdRevision: revision + 1 });
  });

  it('[LO6, KV14] a rollback neither puts nor deletes them, and ends or restores what shadows them', async () => {
    const awake = awaken();
    await layOut(awake, SHOWN);
    awake.put('a b c');
    awake.commit((draft) => put(draft, 'shown/orders/c', 'mine', null));
    await settle();
    const registry = new Registry(awake.state, awake.hub);
    const { cursor: to } = await registry.stats();
    awake.remove('a');
    awake.put('d');
    awake.commit((draft) => {
      put(draft, 'shown/orders/b', 'mine', null);
      draft.entries.delete('shown/orders/c', 'deleted');
    });
    const { body } = await registry.rollBackEntries(OPERATOR, { interval: { from: '' }, to });
    expect(readJsonText(body)).toMatchObject({ restored: 1, deleted: 1, held: 0 });
    const calls = new EntryCalls(registry);
    expect(await calls.keys()).toEqual(['shown/orders/b', 'shown/orders/c', 'shown/orders/d']);
    expect(await calls.read('shown/orders/b')).toMatchObject({ layout: 'roster' });
    expect(await calls.read('shown/orders/c')).toMatchObject({ value: 'mine' });
  });

  it('[LO10] an instance that is shown writes three rows, and one that is shown alike two', async () => {
    const awake = awaken();
    await layOut(awake, SHOWN);
    awake.put('first');
    const { counters } = awake.platform;
    const rowsOf = async (work: () => void) => {
      await settle();
      const before = counters.rowsWritten;
      work();
      await settle();
      return counters.rowsWritten - before;
    };
    expect(await rowsOf(() => awake.put('a'))).toBe(3);
    expect(await rowsOf(() => awake.put('a', { tags: ['x'] }))).toBe(2);
    expect(await rowsOf(() => awake.remove('a'))).toBe(3);
  });

  it('[LO5] the revision keeps the cause of the change that all others follow from', async () => {
    const awake = awaken();
    await layOut(awake, SHOWN, CARDS);
    const held = lease(awake);
    awake.put('a');
    awake.commit((draft) => put(draft, `orders/${held}`, '10.0.0.1:80', held));
    awake.commit((draft) => draft.entries.delete(`orders/${held}`, 'deleted'));
    const causes = (await awake.journal()).map(({ cause }) => cause);
    expect(causes).toEqual(['registered', 'put', 'deleted']);
  });
});

describe('layouts that change', () => {
  it('[LO8] another version reads and shows everything again after a wake, in slices', async () => {
    const awake = awaken();
    await layOut(awake, SHOWN, CARDS);
    const held = lease(awake);
    const count = LAYOUT_SLICE_MAX_COUNT + 10;
    awake.commit((draft) => {
      for (let each = 0; each < count; each++) put(draft, `cards/${each}`, card(`i${each}`), held);
    });
    awake.put('own');
    expect(keysOf(awake)).toHaveLength(2 * count + 2);
    const other: Layout = {
      ...cards,
      version: 2,
      read: (entry, prefix) => {
        const found = cards.read(entry, prefix);
        return found && { ...found, id: `other-${found.id}` };
      },
      show: (instance, prefix) => {
        const found = cards.show(instance, prefix);
        return found && { ...found, key: `${found.key}/2` };
      },
    };
    const { revision } = awake.state.journal;
    const woken = await awakenAgain(awake, [roster, other]);
    expect(woken.ids()).toHaveLength(count + 1);
    expect(woken.ids().every((id) => id === 'own' || id.startsWith('other-'))).toBe(true);
    const shown = keysOf(woken).filter((name) => name.startsWith('cards/orders') || name.startsWith('shown/'));
    expect(shown.filter((name) => name.startsWith('cards/orders'))).toEqual(['cards/orders/own/2']);
    expect(shown).toHaveLength(count + 2);
    expect(woken.state.journal.revision).toBeGreaterThan(revision + 1);
    const settled = woken.state.journal.revision;
    const again = await awakenAgain(woken, [roster, other]);
    expect(again.state.journal.revision).toBe(settled);
  });

  it('[LO8] a host without layouts makes the entries plain data again, and shows nothing', async () => {
    const awake = awaken();
    await layOut(awake, SHOWN);
    const held = lease(awake);
    awake.put('own');
    awake.commit((draft) => put(draft, `orders/${held}`, '10.0.0.1:80', held));
    awake.commit((draft) => put(draft, 'shown/orders/own', 'mine', null));
    const woken = await awakenAgain(awake, []);
    expect(woken.ids()).toEqual(['own']);
    expect(keysOf(woken)).toEqual([`orders/${held}`, 'shown/orders/own']);
    expect([...woken.state.layouts.shadowedKeys]).toEqual([]);
    woken.remove('own');
    const back = await awakenAgain(woken, [roster]);
    expect(back.ids()).toEqual([String(held)]);
  });

  it('[LO8] changes that come in between are applied by the new layouts, and a wake in between goes on', async () => {
    const awake = awaken();
    for (let each = 0; each < 5; each++) awake.put(`i${each}`);
    await configure(awake.state, { retention: {}, limits: {}, layouts: [SHOWN] });
    awake.remove('i0');
    awake.put('i5');
    awake.commit((draft) => put(draft, 'shown/orders/i1', 'mine', null));
    const woken = await awakenAgain(awake, [roster]);
    expect(keysOf(woken)).toEqual(['i1', 'i2', 'i3', 'i4', 'i5'].map((id) => `shown/orders/${id}`));
    woken.commit((draft) => draft.entries.delete('shown/orders/i1', 'deleted'));
    const calls = new EntryCalls(new Registry(woken.state, woken.hub));
    expect(await calls.read('shown/orders/i1')).toMatchObject({ layout: 'roster', version: 1 });
  });

  it('[LO10] a namespace in which nothing is read or shown stores nothing about layouts', async () => {
    const awake = awaken();
    awake.put('a');
    awake.commit((draft) => put(draft, 'a', 'b', null));
    const woken = await awakenAgain(awake, [roster]);
    expect(woken.state.layouts.isBegun).toBe(false);
    expect(woken.state.lookAgain.isUnderWay).toBe(false);
  });
});
