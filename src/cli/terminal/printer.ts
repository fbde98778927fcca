import { type ColourEnvironment, hasColour, type Paint, paintFor } from './palette';
import { printable, type Table, tableLines } from './table';

/** Where text goes: a stream of this process, or what a test looks at. */
export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
}

/** What a printer prints to, and how. */
export interface PrinterOptions {
  /** Answers, for people or as JSON. */
  out: Screen;
  /** Everything that is no answer: notes, warnings, errors, progress. */
  err: Screen;
  env: ColourEnvironment;
  json?: boolean | undefined;
  verbose?: boolean | undefined;
}

/** What people see of an answer: a table, or a line. */
export type View = Table | string;

/** The one way in which commands print. */
export class Printer {
  readonly out: Screen;
  readonly err: Screen;
  /** Answers are for programs. */
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

  /** Prints the answer of a command: all of it for a program, what matters for people. */
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

  /** Prints one of many values as they come: a line of JSON, or lines for people. */
  event(value: unknown, views: readonly View[]): void {
    if (this.json) this.out.write(`${JSON.stringify(value)}\n`);
    else this.answer(value, ...views);
  }

  /** What a view looks like, without the ends of its lines. */
  lines(view: View): string[] {
    if (typeof view === 'string') return [printable(view)];
    return tableLines(view, this.paint, this.out.isTTY === true ? (this.out.columns ?? 80) : undefined);
  }

  /** Tells what is going on. */
  note(text: string): void {
    this.err.write(`${printable(text)}\n`);
  }

  /** Tells what may be a mistake. */
  warn(text: string): void {
    this.err.write(`${this.#paintError('warning:', 'warning')} ${printable(text)}\n`);
  }

  /** Tells why a command failed, and what to do next. */
  error(message: string, advice?: string): void {
    for (const line of message.split('\n')) this.err.write(`${this.#paintError(printable(line), 'bad')}\n`);
    if (advice !== undefined) this.err.write(`${printable(advice)}\n`);
  }

  /** Tells what only `--verbose` asks for. */
  trace(text: string): void {
    if (this.#verbose) this.err.write(`${this.#paintError(printable(text), 'faint')}\n`);
  }
}

/** A printer to the streams of this process. */
export function processPrinter(flags: Pick<PrinterOptions, 'json' | 'verbose'> = {}): Printer {
  return new Printer({ out: process.stdout, err: process.stderr, env: process.env, ...flags });
}
