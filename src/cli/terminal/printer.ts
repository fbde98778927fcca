import type { Failure } from './failure';
import { type ColourEnvironment, hasColour, type Paint, paintFor } from './palette';
import { printable, type Table, tableLines } from './table';

/** Output for text: a stream of this process, or a test double. */
export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
}

/** Options of {@link Printer}. */
export interface PrinterOptions {
  /** Output for results, as text or JSON. */
  out: Screen;
  /** Output for everything else: notes, warnings, errors, progress. */
  err: Screen;
  env: ColourEnvironment;
  json?: boolean | undefined;
  verbose?: boolean | undefined;
}

/** A view of a result for people: a table, or a line. */
export type View = Table | string;

/** Prints all output of commands. */
export class Printer {
  readonly out: Screen;
  readonly err: Screen;
  /** True if results are printed as JSON. */
  readonly json: boolean;
  readonly paint: Paint;
  readonly #paintError: Paint;
  readonly #verbose: boolean;

  constructor({ out, err, env, json = false, verbose = false }: PrinterOptions) {
    this.out = out;
    this.err = err;
    this.json = json;
    this.#verbose = verbose;
    this.paint = paintFor(hasColour(env, out.isTTY === true));
    this.#paintError = paintFor(hasColour(env, err.isTTY === true));
  }

  /** Prints the result of a command: the whole value as JSON, or the views. */
  answer(value: unknown, ...views: View[]): void {
    if (this.json) this.out.write(`${JSON.stringify(value, null, this.out.isTTY === true ? 2 : undefined)}\n`);
    else
      for (const view of views)
        this.out.write(
          this.lines(view)
            .map((line) => `${line}\n`)
            .join(''),
        );
  }

  /** Prints one of a stream of values: as a line of JSON, or as views. */
  event(value: unknown, views: readonly View[]): void {
    if (this.json) this.out.write(`${JSON.stringify(value)}\n`);
    else this.answer(value, ...views);
  }

  /** Returns the lines of a view, without line ends. */
  lines(view: View): string[] {
    if (typeof view === 'string') return [printable(view)];
    return tableLines(view, this.paint, this.out.isTTY === true ? (this.out.columns ?? 80) : undefined);
  }

  /** Prints a note on progress. */
  note(text: string): void {
    this.err.write(`${printable(text)}\n`);
  }

  /** Prints a warning. */
  warn(text: string): void {
    this.err.write(`${this.#paintError('warning:', 'warning')} ${printable(text)}\n`);
  }

  /** Prints the reason of a failure, and advice; with `--json` as one line of JSON. */
  error({ code, message, advice, errors = [] }: Failure): void {
    if (this.json) {
      const error = { code, message, advice, ...(errors.length > 0 && { errors }) };
      this.err.write(`${JSON.stringify({ error })}\n`);
      return;
    }
    for (const line of message.split('\n')) this.err.write(`${this.#paintError(printable(line), 'bad')}\n`);
    if (advice !== undefined) this.err.write(`${printable(advice)}\n`);
  }

  /** Prints a line with `--verbose` only. */
  trace(text: string): void {
    if (this.#verbose) this.err.write(`${this.#paintError(printable(text), 'faint')}\n`);
  }
}

/** Creates a printer for the streams of this process. */
export function processPrinter(flags: Pick<PrinterOptions, 'json' | 'verbose'> = {}): Printer {
  return new Printer({ out: process.stdout, err: process.stderr, env: process.env, ...flags });
}
