import { expect, it } from 'vitest';
import { Catalog } from './catalog';
import { decodePlace, encodePlace, idsAfter, START, servicesFrom } from './catalog-place';

it('[J5] services are ordered by name and group, starting from a place', () => {
  const catalog = new Catalog();
  for (const [group, service] of [
    ['g', 'b'],
    ['f', 'b'],
    ['g', 'a'],
    ['g', 'c'],
  ] as const)
    catalog.serviceFor({ group, service });
  const names = (from = START) => servicesFrom(catalog, from).map(({ group, name }) => `${group}@@${name}`);
  expect(names()).toEqual(['g@@a', 'f@@b', 'g@@b', 'g@@c']);
  expect(names({ name: 'b', group: 'g', id: 'x' })).toEqual(['g@@b', 'g@@c']);
  expect(names({ name: 'bb', group: '', id: '' })).toEqual(['g@@c']);
});

it('[Z10] ids are ordered, once for an instance with an override, starting after a place', () => {
  const service = {
    overrides: new Map(['c', 'a'].map((id) => [id, 1])),
    instances: new Map([
      ['b', 1],
      ['c', 1],
    ]),
  };
  expect(idsAfter(service, '')).toEqual(['a', 'b', 'c']);
  expect(idsAfter(service, 'a')).toEqual(['b', 'c']);
  expect(idsAfter(service, 'c')).toEqual([]);
});

it('[J5] a place decodes as it was encoded, and no other text decodes', () => {
  const place = { name: 'b"', group: 'g', id: 'ü' };
  expect(decodePlace(encodePlace('cE.1.x', place))).toEqual({ cursor: 'cE.1.x', place });
  for (const text of ['', '{}', '["x","b","g",""]', '["cE.1.x","b","g"]', '["cE.1.x","b","g",1]']) {
    expect(() => decodePlace(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  }
});
