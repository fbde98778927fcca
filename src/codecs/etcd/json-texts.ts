import { ETCD_ERRORS, etcdError, GRPC } from './refusals';

/** Match what decides where an object ends, outside of strings and inside of them; all but white space between objects. */
const BRACE_OR_QUOTE = /["{}]/g;
const QUOTE_OR_ESCAPE = /["\\]/g;
const NO_SPACE = /[^ \t\r\n]/g;

/** Splits a text of several JSON objects, as clients send them on streams, while it arrives. Each piece is read once. */
export class JsonTexts {
  readonly #maxCharacters: number;
  /** Pieces of the unfinished object, if there is one. */
  readonly #parts: string[] = [];
  #length = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** @param maxCharacters Length of an object at most. */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /**
   * Yields the objects that a piece of the text completes.
   *
   * @throws {RegistryError} For text outside of objects, and for an object that is too long.
   */
  *push(piece: string): Generator<string> {
    for (let at = 0; at < piece.length; ) {
      const start = this.#depth > 0 ? at : startIn(piece, at);
      if (start === undefined) return;
      const end = this.#endIn(piece, start);
      const part = piece.slice(start, end);
      this.#length += part.length;
      if (this.#length > this.#maxCharacters) throw ETCD_ERRORS.requestTooLarge();
      this.#parts.push(part);
      at = end ?? piece.length;
      if (end === undefined) continue;
      this.#length = 0;
      yield this.#parts.splice(0).join('');
    }
  }

  /** @throws {RegistryError} If an object is unfinished. */
  end(): void {
    if (this.#depth > 0) throw etcdError(GRPC.invalidArgument, 'unexpected EOF');
  }

  /** Returns where the object ends; undefined if that is not in this piece. */
  #endIn(piece: string, start: number): number | undefined {
    for (let at = start; at < piece.length; ) {
      if (this.#isEscaped) {
        this.#isEscaped = false;
        at += 1;
        continue;
      }
      const found = indexIn(piece, this.#isInString ? QUOTE_OR_ESCAPE : BRACE_OR_QUOTE, at);
      if (found === undefined) return undefined;
      at = found + 1;
      const token = piece[found];
      if (token === '\\') this.#isEscaped = true;
      else if (token === '"') this.#isInString = !this.#isInString;
      else this.#depth += token === '{' ? 1 : -1;
      if (this.#depth === 0) return at;
    }
    return undefined;
  }
}

/** Returns where the next object starts; undefined if only white space is left. @throws {RegistryError} For anything else. */
function startIn(piece: string, at: number): number | undefined {
  const start = indexIn(piece, NO_SPACE, at);
  if (start === undefined || piece[start] === '{') return start;
  throw etcdError(GRPC.invalidArgument, `invalid character '${piece[start]}' looking for beginning of value`);
}

function indexIn(text: string, pattern: RegExp, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index;
}
