import {
  CONSUL_FILTER_COMPARISONS_MAX_COUNT,
  CONSUL_FILTER_DEPTH_MAX_COUNT,
  CONSUL_FILTER_MAX_CHARACTERS,
} from '../../../model/limits';
import type { Expression, Match, MatchOperator } from './expression';
import { filterError, Scanner } from './scanner';
import { unquoted } from './unquoted';

/** Operators between a field and a value, in the order in which they are tried. */
const BEFORE_VALUE: readonly (readonly [words: readonly string[], operator: MatchOperator])[] = [
  [['=='], '=='],
  [['!='], '!='],
  [['contains'], 'in'],
  [['not', 'contains'], 'not in'],
  [['matches'], 'matches'],
  [['not', 'matches'], 'not matches'],
];

/** Operators after a field. */
const WITHOUT_VALUE: readonly (readonly [words: readonly string[], operator: MatchOperator])[] = [
  [['is', 'empty'], 'is empty'],
  [['is', 'not', 'empty'], 'is not empty'],
];

/** Operators between a value and a field. */
const AFTER_VALUE: readonly (readonly [words: readonly string[], operator: MatchOperator])[] = [
  [['in'], 'in'],
  [['not', 'in'], 'not in'],
];

/**
 * Parses a filter. Errors have the texts of go-bexpr 0.1.2, which Consul uses.
 *
 * Source: `grammar.peg` of go-bexpr 0.1.2. The grammar tries some rules twice from the same place; here each is tried once.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for any other text, and for one beyond the limits.
 */
export function parseFilter(text: string): Expression {
  if (text.length > CONSUL_FILTER_MAX_CHARACTERS) {
    throw filterError(`the filter has ${text.length} characters; at most ${CONSUL_FILTER_MAX_CHARACTERS} are allowed`);
  }
  return new Parser(text).parse();
}

class Parser {
  readonly #scan: Scanner;
  #depth = 0;
  #comparisons = 0;

  constructor(text: string) {
    this.#scan = new Scanner(text);
  }

  parse(): Expression {
    this.#scan.space();
    const expression = this.#or();
    if (expression !== undefined) {
      this.#scan.space();
      if (this.#scan.end()) return expression;
    }
    throw this.#scan.noMatch();
  }

  #or(): Expression | undefined {
    const left = this.#and();
    return left && (this.#joined('or', left, () => this.#nested(() => this.#or())) ?? left);
  }

  #and(): Expression | undefined {
    const left = this.#not();
    return left && (this.#joined('and', left, () => this.#nested(() => this.#and())) ?? left);
  }

  /** Reads the rest of an expression with two sides. If it has only one, the text after it is left unread. */
  #joined(kind: 'and' | 'or', left: Expression, side: () => Expression | undefined): Expression | undefined {
    return this.#scan.attempt(() => {
      if (!this.#scan.space() || !this.#scan.literal(kind) || !this.#scan.space()) return undefined;
      const right = side();
      return right && { kind, left, right };
    });
  }

  /** `not` may also be the name of a field. */
  #not(): Expression | undefined {
    const negated = this.#scan.attempt(() => {
      if (!this.#scan.literal('not') || !this.#scan.space()) return undefined;
      return this.#nested(() => this.#not());
    });
    if (negated === undefined) return this.#group() ?? this.#comparison();
    return negated.kind === 'not' ? negated.operand : { kind: 'not', operand: negated };
  }

  #group(): Expression | undefined {
    return this.#scan.attempt(() => {
      if (!this.#scan.literal('(')) return undefined;
      this.#scan.space();
      const inner = this.#nested(() => this.#or());
      if (inner === undefined) return undefined;
      this.#scan.space();
      if (this.#scan.literal(')')) return inner;
      throw this.#scan.mistake('grouping', 'Unmatched parentheses');
    });
  }

  #comparison(): Match | undefined {
    const match = this.#fieldAndValue() ?? this.#fieldAlone() ?? this.#valueInField();
    if (match === undefined) return undefined;
    this.#comparisons++;
    if (this.#comparisons <= CONSUL_FILTER_COMPARISONS_MAX_COUNT) return match;
    throw filterError(`the filter has more than ${CONSUL_FILTER_COMPARISONS_MAX_COUNT} comparisons`);
  }

  #fieldAndValue(): Match | undefined {
    return this.#scan.attempt(() => {
      const selector = this.#selector();
      const operator = selector && this.#operator(BEFORE_VALUE, true);
      if (selector === undefined || operator === undefined) return undefined;
      const value = this.#value();
      return value === undefined ? undefined : { kind: 'match', selector, operator, value };
    });
  }

  #fieldAlone(): Match | undefined {
    return this.#scan.attempt(() => {
      const selector = this.#selector();
      const operator = selector && this.#operator(WITHOUT_VALUE, false);
      return selector && operator && { kind: 'match', selector, operator, value: undefined };
    });
  }

  #valueInField(): Match | undefined {
    return this.#scan.attempt(() => {
      const value = this.#value();
      const operator = value === undefined ? undefined : this.#operator(AFTER_VALUE, true);
      if (operator === undefined) return undefined;
      const selector = this.#selector();
      if (selector === undefined) throw this.#scan.mistake('match', 'Invalid selector');
      return { kind: 'match', selector, operator, value };
    });
  }

  /** Reads an operator with the space around it, which `==` and `!=` need not have. @param open True: a value follows. */
  #operator(
    operators: readonly (readonly [words: readonly string[], operator: MatchOperator])[],
    open: boolean,
  ): MatchOperator | undefined {
    for (const [words, operator] of operators) {
      const isSign = words[0] === operator && operator.endsWith('=');
      const found = this.#scan.attempt(() => {
        const isThere = words.every((word) => (this.#scan.space() || isSign) && this.#scan.literal(word));
        return isThere && (!open || this.#scan.space() || isSign) ? operator : undefined;
      });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #selector(): string[] | undefined {
    const first = this.#identifier();
    if (first === undefined) return undefined;
    const steps = [first];
    for (let step = this.#step(); step !== undefined; step = this.#step()) steps.push(step);
    return steps;
  }

  #step(): string | undefined {
    return this.#scan.attempt(() => (this.#scan.literal('.') ? this.#identifier() : undefined)) ?? this.#index();
  }

  #index(): string | undefined {
    if (!this.#scan.literal('[')) return undefined;
    this.#scan.space();
    const key = this.#string();
    if (key === undefined) throw this.#scan.mistake('index', 'Invalid index');
    this.#scan.space();
    if (!this.#scan.literal(']')) throw this.#scan.mistake('index', 'Unclosed index expression');
    return key;
  }

  #identifier(): string | undefined {
    return this.#scan.match(/[a-zA-Z][a-zA-Z0-9_]*/y, '[a-zA-Z]');
  }

  /** A value without quotes is a selector, whose text counts. */
  #value(): string | undefined {
    return this.#selector()?.join('.') ?? this.#number() ?? this.#string();
  }

  #number(): string | undefined {
    return this.#scan.attempt(() => {
      const sign = this.#scan.literal('-') ? '-' : '';
      const whole = this.#scan.literal('0') ? '0' : this.#scan.match(/[1-9][0-9]*/y, '[1-9]');
      if (whole === undefined) return undefined;
      const fraction = this.#scan.match(/\.[0-9]+/y, '"."') ?? '';
      // Looks ahead: the space is not part of the number.
      const after = this.#scan.at;
      const ends = this.#scan.space() || this.#scan.end() || this.#scan.literal(')');
      this.#scan.at = after;
      if (!ends) throw this.#scan.mistake('number', 'Invalid number literal');
      return sign + whole + fraction;
    });
  }

  #string(): string | undefined {
    for (const quote of ['`', '"'] as const) {
      if (!this.#scan.literal(quote)) continue;
      const inner = this.#scan.match(quote === '`' ? /[^`]*/y : /[^"]*/y, '');
      if (!this.#scan.literal(quote)) throw this.#scan.mistake('string', 'Unterminated string literal');
      const text = unquoted(inner ?? '', quote);
      if (text === undefined) throw this.#scan.mistake('string', 'invalid syntax');
      return text;
    }
    return undefined;
  }

  #nested<T>(rule: () => T): T {
    this.#depth++;
    if (this.#depth > CONSUL_FILTER_DEPTH_MAX_COUNT) {
      throw filterError(`the filter is nested more than ${CONSUL_FILTER_DEPTH_MAX_COUNT} levels deep`);
    }
    const result = rule();
    this.#depth--;
    return result;
  }
}
