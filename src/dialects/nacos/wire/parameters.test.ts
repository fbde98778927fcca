import { expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { Parameters } from './parameters';

const of = (query: string, form = '') => Parameters.of(new Request(`http://rollcall.test/nacos?${query}`), form);

it('[Y1] the query precedes the form, and the first of several values the others', () => {
  const parameters = of('a=1&a=2&b=', 'a=3&b=4&c=5');
  expect(['a', 'b', 'c', 'd'].map((name) => parameters.text(name))).toEqual(['1', '', '5', '']);
  expect(parameters.asSent('d')).toBe(undefined);
});

it('[Y1] values are decoded once, and a plus is a space', () => {
  const parameters = of('a=DEFAULT_GROUP%40%40x%2520y&b=+k+v+&c=%zz', 'd=%E4%B8%AD');
  expect(['a', 'b', 'c', 'd'].map((name) => parameters.text(name))).toEqual([
    'DEFAULT_GROUP@@x%20y',
    'k v',
    '%zz',
    '中',
  ]);
  expect(parameters.asSent('b')).toBe(' k v ');
});

it('[Y1] a flag is read as by the Java server', () =>
  eachRow(
    [
      ['true', true],
      ['YES', true],
      ['on', true],
      ['t', true],
      ['1', false],
      ['nope', false],
      ['', undefined],
    ],
    (text, expected) => {
      expect(of(`a=${text}`).flag('a')).toBe(expected);
    },
  ));

it('[Y1] a number is an integer', () => {
  expect(of('a=2147483647').integer('a')).toBe(2_147_483_647);
  expect(of('a=-1').integer('a')).toBe(-1);
  expect(of('').integer('a')).toBe(undefined);
  for (const text of ['1.5', 'x', '1e3', '9'.repeat(30)]) {
    expect(() => of(`a=${text}`).integer('a')).toThrow("Param 'a' is illegal");
  }
});
