import { NAME_MAX_BYTES } from './limits';

/** Rules of names without a schema, for programs that must not load the library of schemas. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: its purpose is to find control characters
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** Returns the length of a text in bytes of UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  // Nearly all texts are ASCII, and a regular expression detects that twice as fast as a loop.
  if (!BEYOND_ASCII.test(text)) return text.length;
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A surrogate pair has two code units and four bytes: two bytes for each unit.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** Returns a message that says what is wrong with a name; undefined if it is valid. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'must not be empty';
  if (name.length > NAME_MAX_BYTES || utf8Length(name) > NAME_MAX_BYTES)
    return `must be at most ${NAME_MAX_BYTES} bytes of UTF-8`;
  if (CONTROL_CHARACTERS.test(name)) return 'must not contain control characters';
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  if (!name.isWellFormed()) return 'must be well-formed Unicode';
  return undefined;
}

const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,63}$/;

/** Reports whether a value is a plain name, which every schema of names accepts, except that of namespaces. Most names are plain. */
export function isPlainName(value: unknown): value is string {
  return typeof value === 'string' && PLAIN_NAME.test(value);
}
