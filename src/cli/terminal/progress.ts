import type { Screen } from './printer';

const BAR_CELLS = 24;
const BEGIN_OF_LINE = '\r\u001b[2K';

/** Between two drawings: often enough to look alive, seldom enough to cost nothing. */
const REDRAW_MS = 80;

/** How far something has come, as a line. */
export function progressLine(label: string, share: number, note = ''): string {
  const part = Math.min(1, Math.max(0, share));
  const full = Math.round(part * BAR_CELLS);
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
  return `${label} ${bar} ${String(Math.round(part * 100)).padStart(3)} % ${note}`.trimEnd();
}

/** A bar that shows how far something has come. Where nobody looks it shows nothing. */
export class Progress {
  readonly #screen: Screen;
  readonly #isShown: boolean;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#isShown = screen.isTTY === true;
  }

  /** Shows how far it has come. */
  update(label: string, share: number, note?: string): void {
    const now = performance.now();
    if (!this.#isShown || (now - this.#drawnAt < REDRAW_MS && share < 1)) return;
    this.#drawnAt = now;
    this.#screen.write(`${BEGIN_OF_LINE}${progressLine(label, share, note)}`);
    this.#isDrawn = true;
  }

  /** Takes the bar away: what it told is over. */
  end(): void {
    if (this.#isDrawn) this.#screen.write(BEGIN_OF_LINE);
    this.#isDrawn = false;
  }
}
