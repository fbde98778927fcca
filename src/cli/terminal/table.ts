import type { Paint, Tone } from './palette';
import { fitted, padded, printable, textWidth } from './text-width';

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
