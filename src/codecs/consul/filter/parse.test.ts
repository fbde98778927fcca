import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { RegistryError } from '../../../model/errors';
import {
  CONSUL_FILTER_COMPARISONS_MAX_COUNT,
  CONSUL_FILTER_DEPTH_MAX_COUNT,
  CONSUL_FILTER_MAX_CHARACTERS,
} from '../../../model/limits';
import { type Expression, type MatchOperator, printExpression } from './expression';
import { parseFilter } from './parse';

const match = (selector: string[], operator: MatchOperator, value?: string): Expression => ({
  kind: 'match',
  selector,
  operator,
  value,
});

/** Returns the message of the refusal, without the beginning that all have. */
function problemOf(text: string): string {
  try {
    parseFilter(text);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    expect(error.details.dialectCode).toBe(400);
    return error.message.replace('Failed to create boolean expression evaluator: ', '');
  }
  return 'none';
}

describe('the grammar of filters', () => {
  it('has eight comparisons, two of them in two spellings', () =>
    eachRow(
      [
        ['Port == 80', match(['Port'], '==', '80')],
        ['Port==80', match(['Port'], '==', '80')],
        ['Name != "a b"', match(['Name'], '!=', 'a b')],
        ['Tags is empty', match(['Tags'], 'is empty')],
        ['Tags is not empty', match(['Tags'], 'is not empty')],
        ['v1 in Tags', match(['Tags'], 'in', 'v1')],
        ['`v 1` not in Tags', match(['Tags'], 'not in', 'v 1')],
        ['Tags contains v1', match(['Tags'], 'in', 'v1')],
        ['Tags not contains "v1"', match(['Tags'], 'not in', 'v1')],
        ['Name matches `^a\\.b`', match(['Name'], 'matches', '^a\\.b')],
        ['Name not matches x', match(['Name'], 'not matches', 'x')],
      ],
      (text, expected) => {
        expect(parseFilter(text)).toEqual(expected);
      },
    ));

  it('has values with and without quotes', () =>
    eachRow(
      [
        ['a == -0.25', '-0.25'],
        ['a == b.c["d e"]', 'b.c.d e'],
        ['a == "\\x41\\u00e9\\U0001F600\\t\\\\"', 'Aé😀\t\\'],
        ['a == "\\xc3\\xa9\\101"', 'éA'],
        ['a == ``', ''],
        ['a == `one\ntwo\r\\n`', 'one\ntwo\\n'],
      ],
      (text, value) => {
        expect(parseFilter(text)).toEqual(match(['a'], '==', value));
      },
    ));

  it('has selectors with names and keys', () =>
    eachRow(
      [
        ['a.b_2.C is empty', ['a', 'b_2', 'C']],
        ['Meta["a.b"].c[ `d e` ] is empty', ['Meta', 'a.b', 'c', 'd e']],
        ['not is empty', ['not']],
      ],
      (text, selector) => {
        expect(parseFilter(text)).toEqual(match(selector, 'is empty'));
      },
    ));

  it('binds not before and, and and before or', () => {
    const [a, b, c] = [match(['a'], 'is empty'), match(['b'], 'is empty'), match(['c'], 'is empty')];
    const text = ' not a is empty and b is empty or ( c is empty )\n';
    expect(parseFilter(text)).toEqual({
      kind: 'or',
      left: { kind: 'and', left: { kind: 'not', operand: a }, right: b },
      right: c,
    });
    expect(parseFilter('a is empty and (b is empty or c is empty)')).toEqual({
      kind: 'and',
      left: a,
      right: { kind: 'or', left: b, right: c },
    });
    expect(parseFilter('not not a is empty')).toEqual(a);
  });

  it('refuses other text with the place and the reason that Consul has', () =>
    eachRow(
      [
        ['a == "b', '1:8 (7): rule "string": Unterminated string literal'],
        ['a == "é\nb', '2:2 (10): rule "string": Unterminated string literal'],
        ['a == 3x', '1:7 (6): rule "number": Invalid number literal'],
        ['a == 10.0.0.1', '1:10 (9): rule "number": Invalid number literal'],
        ['a[b] == 3', '1:3 (2): rule "index": Invalid index'],
        ['a["b" == 3', '1:7 (6): rule "index": Unclosed index expression'],
        ['x in 32', '1:6 (5): rule "match": Invalid selector'],
        ['(a == 4', '1:8 (7): rule "grouping": Unmatched parentheses'],
        ['a == "\\q"', '1:10 (9): rule "string": invalid syntax'],
        ['a == "\\ud800"', '1:14 (13): rule "string": invalid syntax'],
        ['a == "\\400"', '1:12 (11): rule "string": invalid syntax'],
        ['32 is empty', '1:4 (3): no match found, expected: "in", "not" or [ \\t\\r\\n]'],
        ['x in a b', '1:8 (7): no match found, expected: "and", "or", [ \\t\\r\\n] or EOF'],
        [
          'x in a and ',
          '1:12 (11): no match found, expected: "(", "-", "0", "\\"", "`", "not", [ \\t\\r\\n], [1-9] or [a-zA-Z]',
        ],
      ],
      (text, expected) => {
        expect(problemOf(text)).toBe(expected);
      },
    ));

  it('refuses what is too long, too deep, or compares too often', () => {
    const group = (depth: number) => `${'('.repeat(depth)}a is empty${')'.repeat(depth)}`;
    expect(problemOf(group(CONSUL_FILTER_DEPTH_MAX_COUNT))).toBe('none');
    expect(problemOf(group(CONSUL_FILTER_DEPTH_MAX_COUNT + 1))).toContain('nested more than');
    expect(problemOf(`${'not '.repeat(500)}a is empty`)).toContain('nested more than');
    const many = (count: number) => Array.from({ length: count }, () => 'a is empty').join(' or ');
    expect(problemOf(many(CONSUL_FILTER_COMPARISONS_MAX_COUNT))).toBe('none');
    expect(problemOf(many(CONSUL_FILTER_COMPARISONS_MAX_COUNT + 1))).toMatch(/nested|comparisons/);
    expect(problemOf(`a == ${'b'.repeat(CONSUL_FILTER_MAX_CHARACTERS)}`)).toContain('characters');
  });
});

const step = fc.oneof(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,5}$/), fc.string({ maxLength: 5, unit: 'binary' }));
const selector = fc
  .tuple(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,5}$/), fc.array(step, { maxLength: 3 }))
  .map(([first, rest]) => [first, ...rest]);
const comparison: fc.Arbitrary<Expression> = fc.oneof(
  fc.tuple(selector, fc.constantFrom('is empty', 'is not empty')).map(([path, operator]) => match(path, operator)),
  fc
    .tuple(
      selector,
      fc.constantFrom('==', '!=', 'in', 'not in', 'matches', 'not matches'),
      fc.string({ unit: 'binary' }),
    )
    .map(([path, operator, value]) => match(path, operator, value)),
);
const expressions = fc.letrec<{ any: Expression; plain: Expression }>((tie) => ({
  any: fc.oneof({ maxDepth: 5 }, tie('plain'), fc.record({ kind: fc.constant('not'), operand: tie('plain') })),
  plain: fc.oneof(
    { maxDepth: 5 },
    comparison,
    fc.record({ kind: fc.constantFrom('and', 'or'), left: tie('any'), right: tie('any') }),
  ),
})).any;

it('an expression survives being printed and parsed', () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      const text = printExpression(expression);
      fc.pre(text.length <= CONSUL_FILTER_MAX_CHARACTERS);
      expect(parseFilter(text)).toEqual(expression);
    }),
  );
});

it('any sequence of words is parsed or refused, and what is parsed is printed in one way', () => {
  const words = fc.constantFrom(
    ...['not', 'and', 'or', '(', ')', 'in', 'is', 'empty', 'contains', 'matches', '==', '!=', 'a', 'b.c', 'd["e"]'],
    ...['"f"', '`g`', '-1', '0.5', '[', ']', '"', '`', '.', '\\', '\n', 'é'],
  );
  let parsed = 0;
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), (sequence) => {
      const text = sequence.join(' ');
      if (problemOf(text) !== 'none') return;
      parsed++;
      const printed = printExpression(parseFilter(text));
      expect(printExpression(parseFilter(printed))).toBe(printed);
    }),
    { numRuns: 3_000, examples: [[['not', 'a', '==', 'b.c', 'and', '"f"', 'in', 'd["e"]']]] },
  );
  expect(parsed).toBeGreaterThan(0);
});
