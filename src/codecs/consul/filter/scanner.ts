import { utf8Length } from '../../../model/name-problem';
import { consulError } from '../refusals';

/** Returns the refusal of a filter, with the beginning that all of Consul's have. */
export const filterError = (why: string) => consulError(400, `Failed to create boolean expression evaluator: ${why}`);

/**
 * Reads the text of a filter from left to right, and records what it expected at the furthest place that it reached, for
 * the error.
 */
export class Scanner {
  at = 0;
  readonly #text: string;
  #furthest = 0;
  #expected = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads a text. */
  literal(text: string): boolean {
    if (!this.#text.startsWith(text, this.at)) return this.#miss(`"${text === '"' ? '\\"' : text}"`);
    this.at += text.length;
    return true;
  }

  /** Reads white space: at least one character. */
  space(): boolean {
    const start = this.at;
    while (' \t\r\n'.includes(this.#text[this.at] ?? 'none')) this.at++;
    this.#miss('[ \\t\\r\\n]');
    return this.at > start;
  }

  /** Reads what a sticky expression matches. @param expected Name of the first character, for the error. */
  match(pattern: RegExp, expected: string): string | undefined {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) this.#miss(expected);
    else this.at += found.length;
    return found;
  }

  /** Reports whether the text ends here. */
  end(): boolean {
    return this.at === this.#text.length || this.#miss('EOF');
  }

  /** Runs a rule, and returns to where it began if it returns undefined. */
  attempt<T>(rule: () => T | undefined): T | undefined {
    const start = this.at;
    const result = rule();
    if (result === undefined) this.at = start;
    return result;
  }

  /** Returns the error of a rule that recognised a mistake. */
  mistake(rule: string, why: string) {
    return filterError(`${this.#place(this.at)}: rule "${rule}": ${why}`);
  }

  /** Returns the error of a text that no rule matches. */
  noMatch() {
    const expected = [...this.#expected].filter((each) => each !== 'EOF').sort();
    if (this.#expected.has('EOF')) expected.push('EOF');
    const last = expected.pop() ?? '';
    const list = expected.length === 0 ? last : `${expected.join(', ')} or ${last}`;
    return filterError(`${this.#place(this.#furthest)}: no match found, expected: ${list}`);
  }

  #miss(expected: string): false {
    if (this.at > this.#furthest) {
      this.#furthest = this.at;
      this.#expected.clear();
    }
    if (this.at === this.#furthest) this.#expected.add(expected);
    return false;
  }

  /** Returns line, column and, in parentheses, the number of bytes before a place. */
  #place(at: number): string {
    const before = this.#text.slice(0, at);
    const lines = before.split('\n');
    return `${lines.length}:${[...(lines.at(-1) ?? '')].length + 1} (${utf8Length(before)})`;
  }
}
