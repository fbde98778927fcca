import { utf8ByteString } from '../../model/bytes';

/** A value as the registry shows it: text, or base64 if it is not UTF-8. */
export interface ShownValue {
  value?: string | undefined;
  valueBase64?: string | undefined;
}

/** Bytes of a binary value that are shown, and those of a line. */
const HEAD_BYTES = 256;
const LINE_BYTES = 16;

/** Base64 has four characters for three bytes. */
const HEAD_BASE64_LENGTH = Math.ceil(HEAD_BYTES / 3) * 4;

/** Control characters other than tabs and line breaks, which a text does not have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is there to find
const BINARY = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** Returns the text of a value; undefined if it is binary. */
export const textOf = ({ value }: ShownValue): string | undefined =>
  value === undefined || BINARY.test(value) ? undefined : value;

/** Returns the first bytes of a binary value as lines of hexadecimal numbers. */
export function hexHead({ value = '', valueBase64 }: ShownValue): string {
  const bytes =
    valueBase64 === undefined
      ? utf8ByteString(value.slice(0, HEAD_BYTES).toWellFormed())
      : atob(valueBase64.slice(0, HEAD_BASE64_LENGTH));
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, HEAD_BYTES); at += LINE_BYTES) {
    const line = [...bytes.slice(at, Math.min(at + LINE_BYTES, HEAD_BYTES))];
    lines.push(line.map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join(' '));
  }
  return lines.join('\n');
}

/** Reports whether a form can edit a value without changing anything else: it replaces each line break by `\n`. */
export function isEditable(value: ShownValue): boolean {
  const text = textOf(value);
  return text !== undefined && (!text.includes('\r') || !/\r(?!\n)|(?<!\r)\n/.test(text));
}

/** Returns an edited text with the line breaks of the text before. */
export const withBreaksOf = (before: string, edited: string): string =>
  before.includes('\r\n') ? edited.replaceAll('\n', '\r\n') : edited;
