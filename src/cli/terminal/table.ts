import stringWidth from 'string-width';
import type { Paint, Tone } from './palette';

/** Content of a table cell. */
export type Cell = string | number | { text: string; tone?: Tone | undefined };

export interface Table {
  /** Titles of the columns; optional. */
  titles?: readonly string[] | undefined;
  rows: readonly (readonly Cell[])[];
  /**
   * Columns that a narrow terminal may truncate, then leave out, the least useful first. The others stay whole, because
   * people copy what is in them: a line that is still too long wraps.
   */
  spare?: readonly number[] | undefined;
}

const GAP = '  ';

/** Widest cell by which a column is aligned. A longer one, such as a key of 4 KiB, moves only the rest of its own line. */
const ALIGNED_MAX_CELLS = 120;

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

/** A column with its width. */
interface Column {
  index: number;
  width: number;
}

/** Chooses columns that fit: truncates or leaves out spare ones, the least useful first. */
function fittingColumns(
  natural: readonly number[],
  filled: readonly boolean[],
  spare: readonly number[],
  room: number,
) {
  let columns: Column[] = natural.map((width, index) => ({ index, width }));
  const over = () => lineWidth(columns.map(({ width }) => width)) - room;
  // An empty column is the least useful of all.
  if (over() > 0) columns = columns.filter(({ index }) => filled[index] || !spare.includes(index));
  for (const index of spare) {
    const column = columns.find((each) => each.index === index);
    const excess = over();
    if (excess <= 0) break;
    if (column === undefined) continue;
    if (column.width - excess >= NARROWEST) column.width -= excess;
    else columns = columns.filter((each) => each !== column);
  }
  return columns;
}

/**
 * Formats a table as lines: columns are aligned by their width on a terminal, numbers to the right.
 *
 * @param room Width of a line. Infinity without a terminal: programs get the whole text.
 */
export function tableLines(
  { titles, rows, spare = [] }: Table,
  paint: Paint,
  room: number = Number.POSITIVE_INFINITY,
): string[] {
  const body = rows.map((row) => row.map(measured));
  const head = titles?.map((text): Measured => ({ text, tone: 'faint', isNumber: false }));
  const all = head === undefined ? body : [head, ...body];
  const count = Math.max(0, ...all.map((row) => row.length));
  const indices = Array.from({ length: count }, (_, index) => index);
  const natural = indices.map((column) => {
    const cells = all.map((row) => stringWidth(row[column]?.text ?? ''));
    const isWhole = !spare.includes(column);
    return Math.max(0, ...cells.filter((width) => !isWhole || width <= ALIGNED_MAX_CELLS));
  });
  const filled = indices.map((column) => body.some((row) => (row[column]?.text ?? '') !== ''));
  const areNumbers = indices.map((column) => body.length > 0 && body.every((row) => row[column]?.isNumber === true));
  const columns = fittingColumns(natural, filled, spare, room);
  return all.map((row) => {
    const cells = columns.map(({ index, width }, place) => {
      const cell = row[index];
      const whole = cell?.text ?? '';
      const shown = spare.includes(index) ? fitted(whole, width) : whole;
      const text = padded(shown, width, areNumbers[index] ? 'right' : 'left');
      // Trailing spaces are invisible, and a nuisance in copied text.
      return paint(place === columns.length - 1 ? text.trimEnd() : text, cell?.tone);
    });
    return cells.join(GAP).trimEnd();
  });
}

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

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

/** Truncates a text to a width, with an ellipsis. */
export function fitted(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let left = width - 1;
  for (const { segment } of GRAPHEMES.segment(text)) {
    left -= stringWidth(segment);
    if (left < 0) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}

/** Pads a text with spaces to a width, aligned to a side. */
export function padded(text: string, width: number, side: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return side === 'left' ? `${text}${spaces}` : `${spaces}${text}`;
}
