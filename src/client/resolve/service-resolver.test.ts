import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { changes, gone, put, putService, serviceGone, snapshot } from '../../../test/fixtures/client-frames';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { HandTime } from '../../../test/fixtures/hand-time';
import { HandWatch } from '../../../test/fixtures/hand-watch';
import type { Instance } from '../wire/instance';
import { RollcallError } from '../wire/rollcall-error';
import type { ResolverOptions } from './service-resolver';
import { Resolvers } from './service-resolver';

/** An instance of revision `revision`; unhealthy ones are `down`. */
const instance = (id: string, revision = 1, more: Partial<Instance> = {}) =>
  clientInstance(id, { address: id, revision, ...more });
const unhealthy: Partial<Instance> = { healthy: false, available: false };

const REVOKED = new RollcallError('UNAUTHENTICATED', 'the token was revoked', { status: 401 });

function stage() {
  const time = new HandTime();
  const watches: HandWatch[] = [];
  const resolvers = new Resolvers((scope, options) => {
    const watch = new HandWatch(scope, options);
    watches.push(watch);
    return watch;
  }, time);
  const open = (options: ResolverOptions = {}, service = 'orders') => {
    const resolver = resolvers.open(service, options);
    return { resolver, ids: () => resolver.endpoints.map(({ id }) => id).join(' ') };
  };
  const watch = () => watches.at(-1) ?? new HandWatch();
  return { time, watches, open, watch };
}

describe('the list of a resolver', () => {
  it('[B1] is that of the snapshot, sorted by id, and follows changes', async () => {
    const { open, watch } = stage();
    const { resolver, ids } = open();
    expect(ids()).toBe('');
    watch().deliver(snapshot(5, [instance('b'), instance('a'), instance('c', 1, unhealthy)]));
    expect(ids()).toBe('a b');
    watch().deliver(changes(6, put(instance('d', 6)), gone('a')));
    expect(ids()).toBe('b d');
    watch().deliver(changes(7, put(instance('c', 7)), put(instance('b', 7, { status: 'draining', available: false }))));
    expect(ids()).toBe('c d');
    watch().deliver({ type: 'reset', reason: 'compacted' });
    expect(ids()).toBe('c d');
    watch().deliver(snapshot(9, [instance('z')]));
    expect(ids()).toBe('z');
    resolver.close();
  });

  it('[B1] keeps an instance that a later part of the snapshot had already', async () => {
    const { open, watch } = stage();
    const { ids } = open();
    watch().deliver(snapshot(5, [instance('a', 8), instance('b', 7)]));
    watch().deliver(changes(6, put(instance('a', 6, { status: 'down', available: false }))));
    expect(ids()).toBe('a b');
    watch().deliver(changes(7, gone('a'), put(instance('b', 7, unhealthy))));
    expect(ids()).toBe('a b');
    watch().deliver(changes(9, gone('a')));
    expect(ids()).toBe('b');
    watch().deliver(snapshot(10, [instance('a'), instance('b', 1, unhealthy)], 0.9, 12));
    watch().deliver(changes(11, putService(11, 0.1)));
    expect(ids()).toBe('a b');
    watch().deliver(changes(13, putService(13, 0.1)));
    expect(ids()).toBe('a');
  });

  it('[B1] ignores health below the protect threshold, which may change like any record', async () => {
    const { open, watch } = stage();
    const { resolver, ids } = open();
    watch().deliver(snapshot(5, [instance('a'), instance('b', 1, unhealthy), instance('c', 1, unhealthy)], 0.5));
    expect([ids(), resolver.isProtected]).toEqual(['a b c', true]);
    watch().deliver(changes(6, putService(6, 0.3)));
    expect([ids(), resolver.isProtected]).toEqual(['a', false]);
    watch().deliver(changes(7, putService(7, 0.9)));
    expect(resolver.isProtected).toBe(true);
    watch().deliver(changes(8, serviceGone));
    expect([ids(), resolver.isProtected]).toEqual(['a', false]);
  });

  it('[B1] is empty for a service that does not exist', async () => {
    const { open, watch } = stage();
    const { resolver, ids } = open();
    watch().deliver({ type: 'snapshot', cursor: 'c1', revision: 1, services: [] });
    await resolver.ready;
    expect([ids(), resolver.pick(), resolver.age]).toEqual(['', undefined, 0]);
    watch().deliver(changes(2, put(instance('a', 2))));
    expect(ids()).toBe('a');
  });

  it('[B1] is limited by a filter, and by the name of a port', async () => {
    const { open, watch } = stage();
    const blue = open({ filter: { cluster: 'blue' } });
    const admin = open({ port: 'admin' });
    const ports = { admin: { port: 9090, secure: true } };
    watch().deliver(snapshot(5, [instance('a', 1, { cluster: 'blue' }), instance('b', 1, { ports })]));
    expect([blue.ids(), admin.ids()]).toEqual(['a', 'b']);
    expect(admin.resolver.endpoints[0]?.url).toBe('https://b:9090');
  });

  it('[B1] is a new array after each change, with the same endpoint object for the same run of an instance', async () => {
    const { open, watch } = stage();
    const { resolver } = open();
    watch().deliver(snapshot(5, [instance('a', 1, { incarnation: 'x' }), instance('b')]));
    const [list, a, b] = [resolver.endpoints, ...resolver.endpoints];
    watch().deliver(changes(6, put(instance('a', 6, { incarnation: 'x', weight: 7 }))));
    expect(resolver.endpoints).not.toBe(list);
    expect(resolver.endpoints[0]).toBe(a);
    expect(a?.instance.weight).toBe(7);
    watch().deliver(changes(7, put(instance('a', 7, { incarnation: 'y' })), put(instance('b', 7, { port: 81 }))));
    expect(resolver.endpoints[0]).not.toBe(a);
    expect(resolver.endpoints[1]).not.toBe(b);
    expect(resolver.endpoints[1]?.url).toBe('http://b:81');
  });

  it('[B1] is sent to all subscribers, even if one of them throws', async () => {
    const { open, watch } = stage();
    const { resolver } = open();
    const lists: string[] = [];
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => complaints.mockRestore());
    resolver.subscribe(() => {
      throw new RangeError('mine');
    });
    const end = resolver.subscribe((endpoints) => lists.push(endpoints.map(({ id }) => id).join(' ')));
    watch().deliver(snapshot(5, [instance('a')]), changes(6, gone('a')));
    end();
    watch().deliver(changes(7, put(instance('b', 7))));
    expect(lists).toEqual(['a', '']);
    expect(complaints.mock.calls.map(([, error]) => error)).toEqual(Array(3).fill(new RangeError('mine')));
    expect(watch().acknowledged).toEqual(['c5', 'c6', 'c7']);
  });
});

describe('the watch of resolvers', () => {
  it('[B3] is shared by the resolvers of a service until the last one is closed', async () => {
    const { open, watches } = stage();
    const one = open();
    const two = open({}, 'DEFAULT_GROUP@@orders');
    const other = open({}, 'billing@@orders');
    expect(watches.map(({ scope }) => scope.services)).toEqual([['DEFAULT_GROUP@@orders'], ['billing@@orders']]);
    watches[0]?.deliver(snapshot(5, [instance('a')]));
    expect([one.ids(), two.ids(), other.ids(), open().ids()]).toEqual(['a', 'a', '', 'a']);

    const three = open();
    one.resolver.close();
    one.resolver.close();
    await two.resolver[Symbol.asyncDispose]();
    expect(watches[0]?.isClosed).toBe(false);
    watches[0]?.deliver(changes(6, put(instance('b', 6))));
    expect([one.ids(), three.ids()]).toEqual(['a', 'a b']);
    other.resolver.close();
    expect(watches.map(({ isClosed }) => isClosed)).toEqual([false, true]);
  });

  it('[B3] ends with the last resolver, and starts again with the next', () => {
    const { open, watches } = stage();
    const first = open().resolver;
    const last = open().resolver;
    first.close();
    first.close();
    expect(watches.map(({ isClosed }) => isClosed)).toEqual([false]);
    last.close();
    expect(watches.map(({ isClosed }) => isClosed)).toEqual([true]);
    open();
    expect(watches.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });
});

describe('an acknowledgement', () => {
  it('[B4] is sent once every list has the change', async () => {
    const { open, watch } = stage();
    const seen: string[] = [];
    const lists = [open(), open()];
    for (const { resolver } of lists) {
      resolver.subscribe(() => seen.push(`${lists.map(({ ids }) => ids()).join('|')} acked ${watch().acknowledged}`));
    }
    watch().deliver(snapshot(5, [instance('a')]), { type: 'bookmark', cursor: 'c6' });
    expect(seen).toEqual(['a| acked ', 'a|a acked ']);
    expect(watch().acknowledged).toEqual(['c5', 'c6']);
  });

  it('[B4] is not sent earlier, even if a subscriber to the list closes another resolver', () => {
    const { open, watch } = stage();
    const [first, , third] = [open().resolver, open().resolver, open().resolver];
    const acknowledged: string[] = [];
    first.subscribe(() => {
      third?.close();
      acknowledged.push(...watch().acknowledged);
    });
    watch().deliver(snapshot(5, [instance('a')]));
    expect([acknowledged, watch().acknowledged]).toEqual([[], ['c5']]);
  });

  it('[B4] waits for the calls in progress to a removed instance, of any resolver', async () => {
    const { open, watch } = stage();
    const { resolver } = open();
    const other = open().resolver;
    watch().deliver(snapshot(5, [instance('a'), instance('b')]));
    const calls = [resolver.picker().next(), resolver.picker().next(), resolver.picker().next()];
    const callsTo = (id: string) => calls.filter((call) => call?.endpoint.id === id);
    const [left, ...more] = callsTo('a').length > 0 ? ['a', 'b'] : ['b', 'a'];
    watch().deliver(changes(6, gone(left ?? '')));
    watch().deliver({ type: 'bookmark', cursor: 'c7' });
    expect(watch().acknowledged).toEqual(['c5']);
    for (const call of callsTo(more[0] ?? '')) call?.end('success');
    expect(watch().acknowledged).toEqual(['c5']);
    for (const call of callsTo(left ?? '')) call?.end('failure');
    expect(watch().acknowledged).toEqual(['c5', 'c7']);
    other.close();
    expect(watch().acknowledged).toEqual(['c5', 'c7']);
  });

  it('[B4] does not wait for calls to remaining instances, nor for a closed resolver', async () => {
    const { open, watch } = stage();
    const { resolver } = open();
    open();
    watch().deliver(snapshot(5, [instance('a')]));
    resolver.picker().next();
    watch().deliver(changes(6, put(instance('a', 6, { weight: 3 }))));
    expect(watch().acknowledged).toEqual(['c5', 'c6']);
    watch().deliver(changes(7, gone('a')));
    expect(watch().acknowledged).toEqual(['c5', 'c6']);
    resolver.close();
    expect(watch().acknowledged).toEqual(['c5', 'c6', 'c7']);
  });
});

describe('while the registry is unreachable', () => {
  it('[B5] the list stays, with its age', async () => {
    const { open, watch, time } = stage();
    const { resolver, ids } = open();
    expect([resolver.isConnected, resolver.age]).toEqual([false, Number.POSITIVE_INFINITY]);
    watch().deliver(snapshot(5, [instance('a')]));
    time.advance(60_000);
    expect([resolver.isConnected, resolver.age]).toEqual([true, 0]);
    watch().status = { state: 'disconnected', since: time.wallClock() };
    time.advance(7_000);
    expect([ids(), resolver.isConnected, resolver.age]).toEqual(['a', false, 7_000]);
    watch().status = { state: 'connected', since: time.wallClock() };
    expect([resolver.isConnected, resolver.age]).toEqual([true, 0]);
  });

  it('[B5] an error ends the watch, but keeps the list', async () => {
    const { open, watch, time } = stage();
    const { resolver, ids } = open();
    watch().deliver(snapshot(5, [instance('a')]));
    watch().status = { state: 'disconnected', since: time.wallClock() };
    watch().refuse(REVOKED);
    time.advance(1_000);
    expect([ids(), resolver.isConnected, resolver.age]).toEqual(['a', false, 1_000]);
    expect(resolver.error).toBe(REVOKED);
    await resolver.ready;
  });

  it('[B3] another resolver starts a new watch if that of the first was refused', () => {
    const { open, watch, watches } = stage();
    const first = open().resolver;
    watch().refuse(REVOKED);
    const { ids } = open();
    first.close();
    watch().deliver(snapshot(5, [instance('a')]));
    expect([ids(), open().ids(), watches.length, first.endpoints.length]).toEqual(['a', 'a', 2, 0]);
  });

  it('[B5] an error before the first list rejects `ready`', async () => {
    const { open, watch } = stage();
    const { resolver } = open();
    watch().refuse(REVOKED);
    await expect(resolver.ready).rejects.toBe(REVOKED);
    const closed = open({}, 'carts').resolver;
    closed.close();
    await expect(closed.ready).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('a persisted snapshot', () => {
  /** Somewhere to keep a text. */
  function store() {
    const saved: string[] = [];
    return { saved, load: () => saved.at(-1), save: (text: string) => void saved.push(text) };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('[B5] is the list until the registry responds', async () => {
    const shelf = store();
    const before = stage();
    before.open({ snapshot: shelf });
    before.watch().deliver(snapshot(5, [instance('a'), instance('b', 1, unhealthy)], 0.6));

    const { open, watch, time } = stage();
    time.advance(90_000);
    const { resolver, ids } = open({ snapshot: shelf });
    await resolver.ready;
    expect([ids(), resolver.isProtected, resolver.isConnected, resolver.age]).toEqual(['a b', true, false, 90_000]);
    watch().deliver(snapshot(9, [instance('c')]));
    expect([ids(), resolver.isProtected, resolver.age]).toEqual(['c', false, 0]);
  });

  it('[B5] is saved once a second at most, and at the end', async () => {
    const shelf = store();
    const { open, watch, time } = stage();
    const { resolver } = open({ snapshot: shelf });
    watch().deliver(snapshot(5, [instance('a')]), changes(6, put(instance('b', 6))));
    expect(shelf.saved).toHaveLength(1);
    time.advance(1_000);
    watch().deliver({ type: 'bookmark', cursor: 'c7' }, { type: 'bookmark', cursor: 'c8' });
    expect(shelf.saved).toHaveLength(2);
    expect(shelf.saved[1]).toContain('"id":"b"');
    resolver.close();
    expect(shelf.saved).toHaveLength(2);
  });

  it('[B5] is saved with the time at which it was last known to be current', async () => {
    const shelf = store();
    const { open, watch, time } = stage();
    const { resolver } = open({ snapshot: shelf });
    watch().deliver(snapshot(5, [instance('a')]), changes(6, put(instance('b', 6))));
    watch().status = { state: 'disconnected', since: time.wallClock() };
    const currentAt = time.wallClock();
    time.advance(7_000);
    resolver.close();
    expect(shelf.saved.at(-1)).toContain(`"at":${currentAt}}`);
  });

  it('[B5] has the result of a burst of changes', async () => {
    const shelf = store();
    const { open, watch } = stage();
    const again = open({ snapshot: shelf }).resolver;
    watch().deliver(snapshot(8, [instance('a')]), changes(9, put(instance('z', 9))));
    again.close();
    expect(shelf.saved.at(-1)).toContain('"id":"z"');
  });

  it('[B5] that loads late does not replace the list of the registry', async () => {
    const shelf = store();
    const before = stage();
    before.open({ snapshot: shelf });
    before.watch().deliver(snapshot(5, [instance('old')]));

    const { open, watch } = stage();
    let give = (_: string | undefined) => {};
    const { ids } = open({ snapshot: { load: () => new Promise((resolve) => (give = resolve)), save: () => {} } });
    watch().deliver(snapshot(9, [instance('new')]));
    give(shelf.saved[0]);
    await turn();
    expect(ids()).toBe('new');
  });

  it.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['null', 'null'],
    ['another version', '{"rollcall":0,"service":"DEFAULT_GROUP@@orders","instances":[],"at":1,"protectThreshold":0}'],
    ['another service', '{"rollcall":1,"service":"g@@orders","instances":[],"at":1,"protectThreshold":0}'],
    ['no list', '{"rollcall":1,"service":"DEFAULT_GROUP@@orders","at":1,"protectThreshold":0}'],
  ])('[B5] of %s is ignored', async (_, text) => {
    const { open } = stage();
    const { resolver } = open({ snapshot: { load: () => text, save: () => {} } });
    await turn();
    expect(resolver.age).toBe(Number.POSITIVE_INFINITY);
  });

  it('[B5] is saved in the first store that any resolver has', () => {
    const shelf = store();
    const later = store();
    const { open, watch, time } = stage();
    open();
    watch().deliver(snapshot(5, [instance('a')]));
    open({ snapshot: shelf });
    open({ snapshot: later });
    time.advance(1_000);
    watch().deliver(changes(6, gone('a')));
    expect([shelf.saved.length, later.saved.length]).toEqual([2, 0]);
  });

  it('[B5] of a failing store is ignored, and changes continue', async () => {
    const { open, watch } = stage();
    const broken = () => {
      throw new Error('disk full');
    };
    const { ids } = open({ snapshot: { load: broken, save: broken } });
    watch().deliver(snapshot(5, [instance('a')]), changes(6, gone('a')));
    expect(ids()).toBe('');
    const late = open({ snapshot: { load: async () => broken(), save: async () => broken() } }, 'carts');
    watch().deliver(snapshot(5, [instance('a')]));
    expect(late.ids()).toBe('a');
  });
});
