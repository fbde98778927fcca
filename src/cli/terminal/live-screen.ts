import type { ReadStream } from 'node:tty';
import type { Screen } from './printer';

/** Reason why a user ended a live view: `quit` by q or Esc, `interrupt` by Ctrl-C. */
export type EndKey = 'quit' | 'interrupt';

/** Keys that end a live view, as a terminal in raw mode sends them. An arrow key also begins with Esc, but is longer. */
const END_KEYS: Readonly<Record<string, EndKey>> = { q: 'quit', Q: 'quit', '\u001b': 'quit', '\u0003': 'interrupt' };

type LogUpdate = ReturnType<typeof import('log-update')['createLogUpdate']>;

export interface LiveScreenOptions {
  screen: Screen & NodeJS.WritableStream;
  /** Source of keys; without a terminal there are none. */
  input: Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;
  onEnd: (key: EndKey) => void;
}

/**
 * Lines at the end of a terminal that are redrawn in place. Earlier output is not affected, and the last lines stay when
 * it ends. Keys are not echoed meanwhile.
 */
export class LiveScreen {
  readonly #options: LiveScreenOptions;
  readonly #update: LogUpdate;
  readonly #onData = (data: Buffer | string): void => {
    const key = `${data}`;
    const end = Object.hasOwn(END_KEYS, key) ? END_KEYS[key] : undefined;
    if (end !== undefined) this.#options.onEnd(end);
  };

  /** Takes over the end of the terminal, and the keys. */
  static async open(options: LiveScreenOptions): Promise<LiveScreen> {
    // Imported here, because other commands would start slower.
    const { createLogUpdate } = await import('log-update');
    return new LiveScreen(options, createLogUpdate(options.screen));
  }

  private constructor(options: LiveScreenOptions, update: LogUpdate) {
    this.#options = options;
    this.#update = update;
    if (!this.hasKeys) return;
    options.input.setRawMode(true);
    options.input.on('data', this.#onData);
    options.input.resume();
  }

  /** True if the user can end it by a key. */
  get hasKeys(): boolean {
    return this.#options.input.isTTY === true;
  }

  /** Number of lines that fit; the cursor is below them. */
  get room(): number {
    return Math.max(1, (this.#options.screen.rows ?? 24) - 1);
  }

  /** Draws lines in place of the previous ones. */
  draw(lines: readonly string[]): void {
    this.#update(lines.join('\n'));
  }

  /** Restores the terminal. */
  end(): void {
    this.#update.done();
    if (!this.hasKeys) return;
    const { input } = this.#options;
    input.setRawMode(false);
    input.off('data', this.#onData);
    input.pause();
  }
}

/** Parts of a live view. */
export interface LiveParts {
  /** Line of titles, and a line for each row. */
  table: readonly string[];
  /** Recent events, the newest last. */
  events: readonly string[];
  status: string;
  /** Returns the line that replaces rows for which there is no room. */
  more: (count: number) => string;
}

/** Lines below which only rows are shown. */
const STATUS_ROOM_COUNT = 4;

/** Lines of the events at least: one event between two empty lines. */
const EVENTS_ROOM_COUNT = 3;

/** Arranges the parts of a view in a number of lines: rows come before the status, and events get what is left. */
export function liveLines({ table, events, status, more }: LiveParts, room: number): string[] {
  const rows = table.slice(1);
  if (room < STATUS_ROOM_COUNT) return rows.slice(0, room);
  const roomForRows = room - 2;
  const shown = rows.length <= roomForRows ? rows : rows.slice(0, roomForRows - 1);
  const lines = [...table.slice(0, 1), ...shown];
  if (shown.length < rows.length) lines.push(more(rows.length - shown.length));
  const left = room - lines.length - 1;
  // An empty line before the events, and one before the status.
  const recent = left < EVENTS_ROOM_COUNT ? [] : events.slice(2 - left);
  if (recent.length > 0) lines.push('', ...recent);
  if (left > 0) lines.push('');
  return [...lines, status];
}
