import { describe, expect, it } from 'vitest';
import { readCondition, readPrecondition } from './conditions';

describe('readCondition', () => {
  it.each([
    [{}, undefined],
    [{ 'if-none-match': '"cE.1.x"' }, 'cE.1.x'],
    [{ 'if-none-match': ' W/"cE.1.x" ' }, 'cE.1.x'],
    [{ 'if-match': '"cE.1.x"' }, undefined],
  ])('reads %j as %j', (headers, cursor) => expect(readCondition(new Headers(headers))).toBe(cursor));

  it.each(['cE.1.x', '*', '', '""', '"a", "b"', '"a', "'a'", 'w/"a"', '"a"b'])('refuses If-None-Match: %s', (tag) =>
    expect(() => readCondition(new Headers({ 'if-none-match': tag }))).toThrowError(
      /If-None-Match: must be one entity tag/,
    ),
  );
});

describe('readPrecondition', () => {
  it.each([
    [{}, {}],
    [{ 'if-match': '"cE.1.x"' }, { cursor: 'cE.1.x' }],
    [{ 'if-match': 'W/"cE.1.x"' }, { cursor: 'cE.1.x' }],
    [{ 'if-match': '*' }, { absent: false }],
    [{ 'if-none-match': '*' }, { absent: true }],
  ])('[Q4] reads %j as %j', (headers, precondition) =>
    expect(readPrecondition(new Headers(headers))).toEqual(precondition),
  );

  it.each([
    [{ 'if-none-match': '"cE.1.x"' }, 'of a change must be *'],
    [{ 'if-match': 'cE.1.x' }, 'must be one entity tag'],
    [{ 'if-match': '"a", "b"' }, 'must be one entity tag'],
    [{ 'if-match': '' }, 'must be one entity tag'],
    [{ 'if-match': '*', 'if-none-match': '*' }, 'contradicts If-Match'],
  ])('[Q4] refuses %j: %s', (headers, said) => expect(() => readPrecondition(new Headers(headers))).toThrowError(said));
});
