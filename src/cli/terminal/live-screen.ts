import type { Screen } from './printer';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE_REST = '\u001b[K';
const CLEAR_SCREEN_REST = '\u001b[J';
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : '');

/**
 * Lines at the end of a terminal that are drawn again and again in their place. What was there before scrolls on
 * undisturbed, and the last drawing stays when it ends.
 */
export class LiveScreen {
  readonly #screen: Screen;
  readonly #showCursor = (): void => void this.#screen.write(SHOW_CURSOR);
  #height = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
    screen.write(HIDE_CURSOR);
    // However this process ends, whoever has the terminal next wants to see where they type.
    process.once('exit', this.#showCursor);
  }

  /** How many lines fit: the cursor stands below them. */
  get room(): number {
    return Math.max(1, (this.#screen.rows ?? 24) - 1);
  }

  /** Draws lines in the place of those before. None may be wider than the terminal; what is too many is left out. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.room);
    const text = shown.map((line) => `${line}${CLEAR_LINE_REST}\n`).join('');
    // After the terminal became lower its upper lines are out of reach.
    const back = up(Math.min(this.#height, this.room));
    this.#screen.write(`\r${back}${text}${CLEAR_SCREEN_REST}`);
    this.#height = shown.length;
  }

  end(): void {
    process.off('exit', this.#showCursor);
    this.#showCursor();
  }
}
