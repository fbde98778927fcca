import { isRecord } from '../../../model/json';
import { parseBool } from '../parameters';
import { type Expression, type Match, type MatchOperator, selectorText } from './expression';
import { type Field, OPERATORS, type Struct } from './fields';
import { parseFilter } from './parse';
import { filterError } from './scanner';

/** Reports whether a record passes a filter. */
export type Filter = (record: unknown) => boolean;

/** Compiles the regular expressions of one filter, whose cost it bounds in all. */
export interface Patterns {
  /**
   * Returns a test of whether a text contains a match.
   *
   * @throws {RegistryError} `INVALID_REQUEST` for an invalid or too large expression, and later, once the tests of the filter
   * have become too expensive.
   */
  compile(pattern: string): (text: string) => boolean;
}

/** Reports whether a filter has regular expressions, so that the engine for them is loaded only when needed. */
export function usesPatterns(expression: Expression): boolean {
  switch (expression.kind) {
    case 'match':
      return expression.operator === 'matches' || expression.operator === 'not matches';
    case 'not':
      return usesPatterns(expression.operand);
    default:
      return usesPatterns(expression.left) || usesPatterns(expression.right);
  }
}

/**
 * Compiles a filter for records with these fields. The records are those that a response has; an absent member counts as
 * empty.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text, also for an unknown field and an operator that a field does not
 * support.
 */
export function compileFilter(filter: string | Expression, fields: Struct, patterns: Patterns): Filter {
  const expression = typeof filter === 'string' ? parseFilter(filter) : filter;
  return compile(expression, fields, patterns);
}

function compile(expression: Expression, fields: Struct, patterns: Patterns): Filter {
  switch (expression.kind) {
    case 'match':
      return compileMatch(expression, fields, patterns);
    case 'not': {
      const operand = compile(expression.operand, fields, patterns);
      return (record) => !operand(record);
    }
    case 'and': {
      const left = compile(expression.left, fields, patterns);
      const right = compile(expression.right, fields, patterns);
      return (record) => left(record) && right(record);
    }
    case 'or': {
      const left = compile(expression.left, fields, patterns);
      const right = compile(expression.right, fields, patterns);
      return (record) => left(record) || right(record);
    }
  }
}

/** Names of the operators in go-bexpr's errors. */
const NAMES: Readonly<Record<MatchOperator, string>> = {
  '==': 'Equal',
  '!=': 'Not Equal',
  in: 'In',
  'not in': 'Not In',
  'is empty': 'Is Empty',
  'is not empty': 'Is Not Empty',
  matches: 'Matches',
  'not matches': 'Not Matches',
};

/** Operators that hold where another one does not. */
const POSITIVE: Readonly<Partial<Record<MatchOperator, MatchOperator>>> = {
  '!=': '==',
  'not in': 'in',
  'is not empty': 'is empty',
  'not matches': 'matches',
};

function compileMatch(match: Match, fields: Struct, patterns: Patterns): Filter {
  const { selector, operator } = match;
  const field = selectedField(selector, fields);
  if (!OPERATORS[field.kind].includes(operator)) {
    throw filterError(`Invalid match operator "${NAMES[operator]}" for selector "${selectorText(selector)}"`);
  }
  const positive = POSITIVE[operator];
  const test = leafTest(positive ?? operator, field, match, patterns);
  const leaf: Filter = positive === undefined ? test : (value) => !test(value);
  return at(selector, fields, leaf, isTrueWithoutKey(operator));
}

/** Returns the result of an operator for a key that a map lacks. A missing key passes `matches`, too, in go-bexpr 0.1.2. */
const isTrueWithoutKey = (operator: MatchOperator): boolean => !['==', 'in', 'is not empty'].includes(operator);

/** Returns the field that a selector names. */
function selectedField(selector: readonly string[], fields: Struct): Field {
  let field: Field = fields;
  for (const [index, step] of selector.entries()) {
    const next = stepInto(field, step);
    if (next === undefined) throw filterError(`Selector "${selectorText(selector.slice(0, index + 1))}" is not valid`);
    field = next;
  }
  return field;
}

/** Returns the field that one step of a selector leads to; undefined if there is none. */
function stepInto(field: Field, step: string): Field | undefined {
  switch (field.kind) {
    case 'struct':
      return Object.hasOwn(field.fields, step) ? field.fields[step] : undefined;
    case 'map':
      return field.of;
    case 'list':
      return stepInto(field.of, step);
    default:
      return undefined;
  }
}

/** Returns a test of a record that follows a selector to its end and tests what is there. */
function at(selector: readonly string[], field: Field, leaf: Filter, withoutKey: boolean): Filter {
  const [step, ...rest] = selector;
  if (step === undefined) return leaf;
  if (field.kind === 'list') {
    const inItem = at(selector, field.of, leaf, withoutKey);
    return (value) => Array.isArray(value) && value.some(inItem);
  }
  const next = stepInto(field, step);
  if (next === undefined) return () => false;
  const inside = at(rest, next, leaf, withoutKey);
  if (field.kind !== 'map') return (value) => inside(isRecord(value) ? value[step] : undefined);
  return (value) => (isRecord(value) && Object.hasOwn(value, step) ? inside(value[step]) : withoutKey);
}

/** Returns the test of a field's value for an operator that is not negative. */
function leafTest(operator: MatchOperator, field: Field, match: Match, patterns: Patterns): Filter {
  const value = match.value ?? '';
  if (operator === 'is empty') return isEmpty;
  if (operator === 'matches') {
    const test = patterns.compile(value);
    return (text) => test(textOf(text));
  }
  if (operator === 'in') {
    if (field.kind === 'text') return (text) => textOf(text).includes(value);
    if (field.kind === 'texts') return (texts) => Array.isArray(texts) && texts.includes(value);
    return (map) => isRecord(map) && Object.hasOwn(map, value);
  }
  switch (field.kind) {
    case 'integer': {
      const number = coerced(match, 'strconv.ParseInt', parseInteger);
      return (each) => (typeof each === 'number' ? each : 0) === number;
    }
    case 'boolean': {
      const flag = coerced(match, 'strconv.ParseBool', parseBool);
      return (each) => (each === true) === flag;
    }
    default:
      return (text) => textOf(text) === value;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isRecord(value) || Object.keys(value).length === 0;
}

/** Returns the value of a comparison as its field has it. */
function coerced<T>({ value = '', selector }: Match, by: string, parse: (text: string) => T | undefined): T {
  const result = parse(value);
  if (result !== undefined) return result;
  const text = JSON.stringify(value);
  throw filterError(
    `Failed to coerce value ${text} for selector "${selectorText(selector)}": ${by}: parsing ${text}: invalid syntax`,
  );
}

/** Parses a whole number, also in other bases, as Go's `ParseInt` does with base 0. */
function parseInteger(text: string): number | undefined {
  const [, sign = '', digits = ''] =
    /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const number = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return sign === '-' ? 0 - number : number;
}
