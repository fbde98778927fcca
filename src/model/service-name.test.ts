import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupName, ServiceName, StoredGroupName, StoredServiceName } from './names';
import { joinedName, shortName, splitName } from './service-name';

/** Texts made mostly of separators. */
const awkward = fc.string({ unit: fc.constantFrom('@', '@@', 'a', 'b', '*', 'DEFAULT_GROUP'), maxLength: 6 });
const namesOf = (group: typeof GroupName, service: typeof ServiceName) =>
  fc.record({
    group: awkward.filter((text) => group.safeParse(text).success),
    service: awkward.filter((text) => service.safeParse(text).success),
  });

describe.each([
  ['as accepted now', namesOf(GroupName, ServiceName)],
  ['as accepted by earlier versions', namesOf(StoredGroupName, StoredServiceName)],
])('names of services, %s', (_, names) => {
  it('[A50] come back unchanged, joined and short', () => {
    fc.assert(
      fc.property(names, (key) => {
        expect(splitName(joinedName(key))).toEqual(key);
        expect(splitName(shortName(key))).toEqual(key);
      }),
      { numRuns: 5_000 },
    );
  });
});

it('[A50] the names of a service are parsed and formatted', () => {
  for (const [short, key, joined] of [
    ['orders', { group: 'DEFAULT_GROUP', service: 'orders' }, 'DEFAULT_GROUP@@orders'],
    ['eu@@orders', { group: 'eu', service: 'orders' }, 'eu@@orders'],
    ['@scope/orders', { group: 'DEFAULT_GROUP', service: '@scope/orders' }, 'DEFAULT_GROUP@@@scope/orders'],
    ['a@@@b', { group: 'a', service: '@b' }, 'a@@@b'],
    ['@@a@@@b', { group: 'a@', service: 'b' }, '@@a@@@b'],
    ['@@@@@b', { group: '@', service: 'b' }, '@@@@@b'],
    ['DEFAULT_GROUP@@eu@@orders', { group: 'DEFAULT_GROUP', service: 'eu@@orders' }, 'DEFAULT_GROUP@@eu@@orders'],
  ] as const) {
    expect(splitName(short), JSON.stringify(short)).toEqual(key);
    expect(shortName(key)).toBe(short);
    expect(joinedName(key)).toBe(joined);
  }
});

it('[A50] a missing group is empty', () => {
  for (const text of ['@@', '@@orders', '@@eu@@orders', '@@eu']) {
    expect(splitName(text).group, JSON.stringify(text)).toBe('');
  }
});
