import { describe, expect, it } from 'vitest';
import { jsonProblem } from './json-value';
import { EXTENSIONS_MAX_DEPTH_COUNT } from './limits';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('jsonProblem', () => {
  it.each([0, -1.5, '', 'ü', true, null, [], {}, [1, { a: [null] }]])('finds none in %j', (value) =>
    expect(jsonProblem(value)).toBeUndefined(),
  );

  it('[R14] takes values as deep as the limit, and refuses deeper ones however deep they are', () => {
    expect(jsonProblem(nested(EXTENSIONS_MAX_DEPTH_COUNT + 1))).toBeUndefined();
    expect(jsonProblem(nested(EXTENSIONS_MAX_DEPTH_COUNT + 2))).toContain('levels deep');
    expect(jsonProblem(nested(100_000))).toContain('levels deep');
  });

  it('refuses a member that copies would lose, at any depth', () => {
    expect(jsonProblem(JSON.parse('{"a":[{"__proto__":1}]}'))).toContain('__proto__');
  });

  it.each([
    [Number.NaN, 'finite'],
    [Number.POSITIVE_INFINITY, 'finite'],
    ['\ud800', 'well-formed'],
    [{ '\udfff': 1 }, 'well-formed'],
    [undefined, 'no undefined'],
    [1n, 'no bigint'],
    [() => 1, 'no function'],
  ])('refuses %s', (value, problem) => expect(jsonProblem({ value })).toContain(problem));
});
