import type { Paint, Tone } from './palette';

/** What stands in one place of a table. */
export type Cell = string | number | { text: string; tone?: Tone | undefined };

export interface Table {
  /** Titles of the columns; a table without has none. */
  titles?: readonly string[] | undefined;
  rows: readonly (readonly Cell[])[];
  /** True: what is said counts, and a line that is too long goes on in the next. Otherwise it is cut. */
  isWhole?: boolean | undefined;
}

const GAP = '  ';

/** No column is cut below this many cells: less tells nothing. */
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
 * Takes from the widest columns until all of them fit: a table too wide for its terminal would wrap into a heap. Columns
 * that don't fit at their narrowest are left out, the last first.
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
 * A table as lines: columns aligned by what they fill on a terminal, numbers to the right.
 *
 * @param room Cells of a line; a text that does not fit is cut. Infinity where nobody looks at it: a program gets all.
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
      // Spaces at the end of a line are nothing to look at, and in the way of who copies it.
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

/** A picture by itself, or a sign that the selector after it makes a picture. */
const PICTURE = /^\p{Emoji_Presentation}|\ufe0f/u;
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]/u;
const ASCII = /^[ -~]*$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is there to find
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text that is safe to print. Names and metadata come from strangers: a control character among them could move the
 * cursor, change colours or turn the direction of a line, and make a table say what it does not.
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

/** How many cells of a terminal a printable text fills: what a person sees as one sign is one or two. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** A text that fills at most so many cells; what is cut off is told by an ellipsis. */
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

/** A text with spaces up to a width, before it or after it. */
export function padded(text: string, width: number, side: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(0, width - textWidth(text)));
  return side === 'left' ? `${text}${spaces}` : `${spaces}${text}`;
}
