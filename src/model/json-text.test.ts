import { expect, it } from 'vitest';
import { jsonText, readJsonText } from './json-text';

it('gives back what it was made from', () => {
  const value = { a: [1, 'two', null], b: { c: true } };
  expect(readJsonText(jsonText(value))).toEqual(value);
});
