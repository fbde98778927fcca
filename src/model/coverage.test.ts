import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteString } from './bytes';
import { covers, matchesGroup, matchesService } from './coverage';
import type { Grant } from './grant';
import { intervalOf, intervalOfPrefix, isWithin, type KeyInterval } from './key-interval';

const orders = { group: 'DEFAULT_GROUP', service: 'orders' };

describe('matchesService', () => {
  it('[A4] decides which patterns match a service', () => {
    for (const [pattern, matches] of [
      ['*', true],
      ['DEFAULT_*', true],
      ['DEFAULT_GROUP@@*', true],
      ['DEFAULT_GROUP@@orders', true],
      ['DEFAULT_GROUP@@orders*', true],
      ['DEFAULT_GROUP@@order', false],
      ['DEFAULT_GROUP@@order*', true],
      ['DEFAULT_GROUP@@orders-eu*', false],
      ['DEFAULT_GROUP@@Orders', false],
      ['other@@orders', false],
      ['other*', false],
      ['DEFAULT_GROUP@*', false],
    ] as const) {
      expect(matchesService(pattern, orders), JSON.stringify(pattern)).toBe(matches);
    }
  });
});

describe('separate group and service', () => {
  it('[A50] compares group and service separately', () => {
    for (const [pattern, key] of [
      ['DEFAULT_GROUP@@*', { group: 'DEFAULT_GROUP@', service: 'orders' }],
      ['a@@@b', { group: 'a@', service: 'b' }],
      ['a@@@*', { group: 'a@', service: 'b' }],
      ['a@@b@@*', { group: 'a@@b', service: 'c' }],
      ['eu@@orders', { group: 'DEFAULT_GROUP', service: 'eu@@orders' }],
    ] as const) {
      expect(matchesService(pattern, key), JSON.stringify(pattern)).toBe(false);
      expect(matchesGroup(pattern, key.group)).toBe(false);
    }
  });

  it('[A51] matches a group of an earlier version that ends in @ by its prefix', () => {
    expect(matchesService('a*', { group: 'a@', service: 'b' })).toBe(true);
    expect(matchesGroup('a*', 'a@')).toBe(true);
  });

  const text = fc.string({ unit: fc.constantFrom('@', '@@', 'a', 'b', '*'), maxLength: 8 });

  it('[A50] gives no pattern, accepted or stored, more than it matched when names were compared joined', () => {
    const reached = (pattern: string, name: string) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
    fc.assert(
      fc.property(text, text, text, (pattern, group, service) => {
        if (matchesService(pattern, { group, service })) expect(reached(pattern, `${group}@@${service}`)).toBe(true);
        if (matchesGroup(pattern, group)) expect(pattern.endsWith('*') && reached(pattern, `${group}@@`)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('matchesGroup', () => {
  it('[A4] decides which patterns match a whole group', () => {
    for (const [pattern, matches] of [
      ['*', true],
      ['DEF*', true],
      ['DEFAULT_GROUP@@*', true],
      ['DEFAULT_GROUP*', true],
      ['DEFAULT_GROUP@@o*', false],
      ['DEFAULT_GROUP@@orders', false],
      ['other@@*', false],
    ] as const) {
      expect(matchesGroup(pattern, 'DEFAULT_GROUP'), JSON.stringify(pattern)).toBe(matches);
    }
  });
});

describe('covers', () => {
  const grant = (more: Partial<Grant>): Grant => ({ scope: 'read', ns: 'shop', ...more });
  const may = (held: Grant, keys: KeyInterval) => covers(held, 'read', { namespace: 'shop', keys });

  it('[KV12] keys by exact name and by prefix, and ranges that a single pattern includes', () => {
    const held = grant({ services: [], keys: ['config/*', 'config0', 'lock', 'größe*'] });
    for (const keys of [
      intervalOf('config/'),
      intervalOf('config/a'),
      intervalOfPrefix('config/a'),
      intervalOfPrefix('config/'),
      { from: 'config/b', to: 'config/c' },
      intervalOf('lock'),
      intervalOf('gr\u00c3\u00b6\u00c3\u009fe'),
    ]) {
      expect(may(held, keys), JSON.stringify(keys)).toBe(true);
    }
    for (const keys of [
      intervalOf('config'),
      intervalOf('lock2'),
      intervalOf('lock\u0000'),
      intervalOfPrefix('config'),
      intervalOfPrefix('lock'),
      intervalOfPrefix(''),
      { from: 'config/', to: undefined },
      { from: 'config/', to: 'config0\u0000' },
    ]) {
      expect(may(held, keys), JSON.stringify(keys)).toBe(false);
    }
  });

  it('[KV12] every key by a grant on the namespace, and none by one on services', () => {
    expect(may(grant({}), intervalOfPrefix(''))).toBe(true);
    expect(may(grant({ keys: ['*'] }), intervalOfPrefix(''))).toBe(true);
    for (const services of [['*'], ['DEFAULT_GROUP@@*']]) expect(may(grant({ services }), intervalOf('a'))).toBe(false);
    expect(may(grant({ ns: 'other' }), intervalOf('a'))).toBe(false);
    expect(covers(grant({}), 'register', { namespace: 'shop', keys: intervalOf('a') })).toBe(false);
  });

  it('[KV12] neither services nor the namespace by a grant on keys', () => {
    for (const services of [undefined, []]) {
      const held = grant({ services, keys: ['*'] });
      for (const target of [{}, { group: 'g' }, { service: orders }]) {
        expect(covers(held, 'read', { namespace: 'shop', ...target })).toBe(false);
      }
    }
  });

  it('[KV12] a range only if it covers each of its keys', () => {
    const key = fc.uint8Array({ maxLength: 2, min: 96, max: 98 }).map(byteString);
    const pattern = fc.tuple(key, fc.boolean()).map(([stem, isOpen]) => `${stem}${isOpen ? '*' : ''}`);
    const every = ['', 'a', 'b', '`'].flatMap((one) => ['', 'a', 'b', '`'].map((two) => one + two));
    fc.assert(
      fc.property(pattern, key, fc.option(key, { nil: undefined }), (held, from, to) => {
        if (held === '' || !may(grant({ keys: [held] }), { from, to })) return;
        for (const each of every.filter((one) => isWithin(one, { from, to }))) {
          expect(may(grant({ keys: [held] }), intervalOf(each)), `${held} ${each}`).toBe(true);
        }
      }),
    );
  });
});
