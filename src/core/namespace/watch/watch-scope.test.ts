import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WatchScope } from '../../../model/frames';
import { isWithin } from '../../../model/key-interval';
import { type ScopePart, scopeNames, scopeParts } from '../../../model/watch-scope';
import { inScope, keysIn, WatchIndex } from './watch-scope';

const key = (service: string, group = 'DEFAULT_GROUP') => ({ group, service });

/** Scopes of every shape, by name. */
const SCOPES = {
  whole: {},
  orders: { services: ['orders'] },
  both: { services: ['orders', 'shop@@orders'] },
  shop: { groups: ['shop'] },
  mixed: { groups: ['shop'], services: ['orders', 'shop@@users'] },
  twice: { groups: ['shop', 'shop'], services: ['orders', 'orders'] },
};

function filled() {
  const index = new WatchIndex<{ name: string; scope: readonly ScopePart[] }>();
  const watchers = Object.entries(SCOPES).map(([name, scope]) => ({
    name,
    scope: scopeParts(WatchScope.parse(scope)),
  }));
  for (const watcher of watchers) index.add(watcher);
  const namesOf = (service: string, group?: string) =>
    [...index.watchersOf(key(service, group))].map(({ name }) => name).sort();
  return { index, watchers, namesOf };
}

describe('WatchIndex', () => {
  it('[W9] finds each watch of a service once', () => {
    const { namesOf } = filled();
    expect(namesOf('orders')).toEqual(['both', 'mixed', 'orders', 'twice', 'whole']);
    expect(namesOf('orders', 'shop')).toEqual(['both', 'mixed', 'shop', 'twice', 'whole']);
    expect(namesOf('users', 'shop')).toEqual(['mixed', 'shop', 'twice', 'whole']);
    expect(namesOf('users')).toEqual(['whole']);
  });

  it('[W9] finds the same watches as a check of each scope', () => {
    const { index, watchers } = filled();
    for (const service of ['orders', 'users', 'orders@@shop']) {
      for (const group of ['DEFAULT_GROUP', 'shop', 'shop@@orders']) {
        const expected = watchers.filter(({ scope }) => inScope(scope, key(service, group)));
        expect(new Set(index.watchersOf(key(service, group)))).toEqual(new Set(expected));
        expect(index.countOf(key(service, group))).toBe(expected.length);
      }
    }
  });

  it('forgets removed watches', () => {
    const { index, watchers, namesOf } = filled();
    expect(index.size).toBe(6);
    for (const watcher of watchers.filter(({ name }) => name !== 'shop')) index.remove(watcher);
    expect([index.size, namesOf('orders'), namesOf('orders', 'shop')]).toEqual([1, [], ['shop']]);
  });

  it('checks no watch of an unrelated service', () => {
    const index = new WatchIndex<{ scope: readonly ScopePart[] }>();
    let looks = 0;
    for (let service = 0; service < 1_000; service++) {
      const scope = scopeParts(WatchScope.parse({ services: [`s${service}`] }));
      index.add({
        get scope() {
          looks += 1;
          return scope;
        },
      });
    }
    looks = 0;
    expect([...index.watchersOf(key('s7'))]).toHaveLength(1);
    expect(looks).toBe(0);
  });
});

it('[W9] a scope has one form on the wire, and an empty one is the whole namespace', () => {
  expect(scopeParts(WatchScope.parse({}))).toEqual([{ kind: 'namespace' }]);
  for (const scope of Object.values(SCOPES)) {
    const parsed = WatchScope.parse(scope);
    expect(scopeNames(scopeParts(parsed))).toEqual(parsed);
  }
});

describe('keys', () => {
  const KEY = fc.string({ unit: fc.constantFrom('\u0000', 'a', 'b', '\u00ff'), maxLength: 2 });
  const INTERVAL = fc.oneof(
    fc.record({ kind: fc.constant('keys' as const), from: KEY, to: fc.option(KEY, { nil: undefined }) }),
    KEY.map((from) => ({ kind: 'keys' as const, from, to: `${from}\u0000` })),
  );
  const SCOPE = fc.array(INTERVAL, { maxLength: 4 });
  const alphabet = ['\u0000', 'a', 'b', '\u00ff'];
  const every = alphabet.flatMap((one) => [one, ...alphabet.map((two) => one + two)]);

  it('[KV11] of a scope are in order and disjoint, from any key on', () => {
    fc.assert(
      fc.property(SCOPE, KEY, (scope, from) => {
        const intervals = keysIn(scope, from);
        const expected = every.filter((key) => key >= from && inScope(scope, { key })).sort((a, b) => (a < b ? -1 : 1));
        const found = intervals.flatMap((interval) => every.filter((key) => isWithin(key, interval)).sort());
        expect(found).toEqual(expected);
      }),
    );
  });

  it('[KV11] find the same watches as a check of each scope, also after some have ended', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ scope: SCOPE, ends: fc.boolean() }), { maxLength: 5 }), (watchers) => {
        const index = new WatchIndex<(typeof watchers)[number]>();
        for (const watcher of watchers) index.add(watcher);
        for (const watcher of watchers) if (watcher.ends) index.remove(watcher);
        const left = watchers.filter(({ ends }) => !ends);
        for (const key of every) {
          const expected = left.filter(({ scope }) => inScope(scope, { key }));
          const found = [...index.watchersOf({ key })];
          expect(found).toHaveLength(expected.length);
          expect(new Set(found)).toEqual(new Set(expected));
        }
      }),
    );
  });
});
