/** Operators that compare a field. `contains` is another spelling of `in`. */
export type MatchOperator = '==' | '!=' | 'in' | 'not in' | 'is empty' | 'is not empty' | 'matches' | 'not matches';

/** A comparison of one field. */
export interface Match {
  kind: 'match';
  /** Steps to the field: names of members and keys of maps. Never empty. */
  selector: readonly string[];
  operator: MatchOperator;
  /** Undefined for the two operators that take none. */
  value: string | undefined;
}

/** A filter of Consul's: comparisons, joined by `and`, `or` and `not`. */
export type Expression =
  | Match
  | { kind: 'not'; operand: Expression }
  | { kind: 'and' | 'or'; left: Expression; right: Expression };

/** Formats a selector for an error. */
export const selectorText = (selector: readonly string[]): string => selector.join('.');

/** Formats an expression so that parsing it returns the same one. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'match':
      return printMatch(expression);
    case 'not':
      return `not ${grouped(expression.operand, expression.operand.kind !== 'match')}`;
    case 'and': {
      const { left, right } = expression;
      return `${grouped(left, left.kind === 'and' || left.kind === 'or')} and ${grouped(right, right.kind === 'or')}`;
    }
    case 'or':
      return `${grouped(expression.left, expression.left.kind === 'or')} or ${printExpression(expression.right)}`;
  }
}

const grouped = (expression: Expression, isGroup: boolean): string =>
  isGroup ? `(${printExpression(expression)})` : printExpression(expression);

function printMatch({ selector, operator, value }: Match): string {
  const [first = '', ...steps] = selector;
  const field = first + steps.map((step) => (IDENTIFIER.test(step) ? `.${step}` : `[${quoted(step)}]`)).join('');
  if (value === undefined) return `${field} ${operator}`;
  return operator === 'in' || operator === 'not in'
    ? `${quoted(value)} ${operator} ${field}`
    : `${field} ${operator} ${quoted(value)}`;
}

const IDENTIFIER = /^[a-zA-Z][a-zA-Z0-9_]*$/;

/** Quotes a text. A quote inside is an escape by its number, because the grammar ends a string at any quote. */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that need an escape
  return `"${text.replace(/["\\\u0000-\u001f]/g, (character) => `\\x${hex(character)}`)}"`;
}

const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, '0');
