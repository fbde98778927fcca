import { expect, it } from 'vitest';
import { asFlag, asList, asNumber, asObject, asText, asTexts } from './source-json';

it('[K26] treats invalid members as absent', () => {
  expect([asObject(null), asObject([]), asObject('x'), asObject({ a: 1 })]).toEqual([{}, {}, {}, { a: 1 }]);
  expect([asList(null), asList([1]), asList({ a: 1 })]).toEqual([[], [1], [{ a: 1 }]]);
  expect([asText(1), asText(true), asText('x'), asText(null), asText({})]).toEqual(['1', 'true', 'x', '', '']);
  expect([asNumber('8080'), asNumber(1.5), asNumber(''), asNumber('x'), asNumber({})]).toEqual([
    8080,
    1.5,
    undefined,
    undefined,
    undefined,
  ]);
  expect([asFlag('TRUE', false), asFlag(false, true), asFlag(undefined, true), asFlag('yes', true)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(asTexts({ a: 1, b: null, c: { d: 1 }, '@class': 'java.util.Map', e: true })).toEqual({ a: '1', e: 'true' });
});
