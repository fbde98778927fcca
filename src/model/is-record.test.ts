import { expect, it } from 'vitest';
import { isRecord } from './is-record';

it('knows an object from all else that JSON may hold', () => {
  expect([{}, { a: 1 }].every(isRecord)).toBe(true);
  expect([null, [], 'a', 1, true, undefined].some(isRecord)).toBe(false);
});
