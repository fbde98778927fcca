import type { Paint, Tone } from './palette';

/** Content of a table cell. */
export type Cell = string | number | { text: string; tone?: Tone | undefined };

export interface Table {
  /** Titles of the columns; optional. */
  titles?: readonly string[] | undefined;
  rows: readonly (readonly Cell[])[];
  /** True: long lines wrap. Otherwise they are truncated. */
  isWhole?: boolean | undefined;
}

const GAP = '  ';

/** Minimum width of a truncated column. */
const NARROWEST = 8;

interface Measured {
  text: string;
  tone: Tone | undefined;
  isNumber: boolean;
}

function measured(cell: Cell): Measured {
  if (typeof cell === 'number') return { text: cell.toLocaleString('en-US'), tone: undefined, isNumber: true };
  const { text, tone = undefined } = typeof cell === 'string' ? { text: cell } : cell;
  return { text: printable(text), tone, isNumber: false };
}

const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));

/**
 * Narrows the widest columns until all of them fit, so that lines don't wrap. Columns that don't fit at their minimum
 * width are left out, the last first.
 */
function narrowed(widths: readonly number[], room: number): number[] {
  const result = [...widths];
  while (result.length > 1 && lineWidth(result.map((width) => Math.min(width, NARROWEST))) > room) result.pop();
  for (let over = lineWidth(result) - room; over > 0; over -= 1) {
    const widest = result.indexOf(Math.max(...result));
    result[widest] = (result[widest] ?? 0) - 1;
  }
  return result;
}

/**
 * Formats a table as lines: columns are aligned by their width on a terminal, numbers to the right.
 *
 * @param room Width of a line; longer text is truncated. Infinity without a terminal: programs get the whole text.
 */
export function tableLines(
  { titles, rows, isWhole = false }: Table,
  paint: Paint,
  room: number = Number.POSITIVE_INFINITY,
): string[] {
  const body = rows.map((row) => row.map(measured));
  const head = titles?.map((text): Measured => ({ text, tone: 'faint', isNumber: false }));
  const all = head === undefined ? body : [head, ...body];
  const count = Math.max(0, ...all.map((row) => row.length));
  const columns = Array.from({ length: count }, (_, index) => index);
  const natural = columns.map((column) => Math.max(0, ...all.map((row) => textWidth(row[column]?.text ?? ''))));
  const widths = isWhole ? natural : narrowed(natural, room);
  const areNumbers = columns.map((column) => body.length > 0 && body.every((row) => row[column]?.isNumber === true));
  return all.map((row) => {
    const cells = widths.map((width, column) => {
      const cell = row[column];
      const text = padded(fitted(cell?.text ?? '', width), width, areNumbers[column] ? 'right' : 'left');
      // Trailing spaces are invisible, and a nuisance in copied text.
      return paint(column === widths.length - 1 ? text.trimEnd() : text, cell?.tone);
    });
    return cells.join(GAP).trimEnd();
  });
}

/** Code points that fill two cells of a terminal. Source: Unicode's EastAsianWidth.txt, its W and F without emoji. */
const WIDE: readonly [first: number, last: number][] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** An emoji, or a character that is followed by the emoji variation selector. */
const PICTURE = /^\p{Emoji_Presentation}|\ufe0f/u;
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]/u;
const ASCII = /^[ -~]*$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is there to find
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Escapes a text so that it is safe to print. Names and metadata are untrusted: control characters in them could move
 * the cursor, change colours or the direction of text, and falsify a table.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}

function graphemeWidth(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  if (PICTURE.test(grapheme)) return 2;
  const code = grapheme.codePointAt(0) ?? 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Returns the width of a printable text in terminal cells; each grapheme takes one or two. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** Truncates a text to a width, with an ellipsis. */
export function fitted(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let left = width - 1;
  for (const { segment } of GRAPHEMES.segment(text)) {
    left -= graphemeWidth(segment);
    if (left < 0) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}

/** Pads a text with spaces to a width, aligned to a side. */
export function padded(text: string, width: number, side: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(0, width - textWidth(text)));
  return side === 'left' ? `${text}${spaces}` : `${spaces}${text}`;
}
