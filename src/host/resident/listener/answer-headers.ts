import { ListedHeaders } from './listed-headers';

/** Values that are valid and need no trimming. The platform's `Headers` handles all others. */
const PLAIN_VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

const listed = new WeakMap<Headers, readonly string[]>();

/**
 * Returns headers as a list of alternating names, in lower case, and values. The list is cached with its headers, because
 * most responses share headers that were built once, and iterating over `Headers` takes longer than writing them.
 *
 * @param headers Must not be changed afterwards.
 */
export function listHeaders(headers: Headers): readonly string[] {
  if (headers instanceof AnswerHeaders) return headers.written;
  const known = listed.get(headers);
  if (known !== undefined) return known;
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  listed.set(headers, list);
  return list;
}

/** Headers of one response, as a list that can be written without conversion. */
export class AnswerHeaders extends ListedHeaders {
  readonly #own: string[];

  /** @param list Alternating names, in lower case, and values; copied. */
  constructor(list: readonly string[]) {
    const own = [...list];
    super(own);
    this.#own = own;
  }

  /** Alternating names, in lower case, and values. */
  get written(): readonly string[] {
    return this.made === undefined ? this.#own : [...this.made].flat();
  }

  override set(name: string, value: string): void {
    if (this.made !== undefined || !PLAIN_VALUE.test(value)) {
      super.set(name, value);
      return;
    }
    const lowerCase = name.toLowerCase();
    const index = this.#indexOf(lowerCase);
    if (index < 0) this.#own.push(lowerCase, value);
    else this.#own[index + 1] = value;
  }

  protected find(name: string): string | null {
    const index = this.#indexOf(name);
    return index < 0 ? null : (this.#own[index + 1] ?? null);
  }

  #indexOf(lowerCase: string): number {
    for (let index = 0; index < this.#own.length; index += 2) if (this.#own[index] === lowerCase) return index;
    return -1;
  }
}
