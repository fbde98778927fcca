import type { FileCounts } from '../../client/wire/transfer-answers';
import { counted } from './phrases';
import type { Screen } from './printer';

const BAR_CELLS = 24;
const BEGIN_OF_LINE = '\r\u001b[2K';

/** Minimum time between redraws: smooth, but cheap. */
const REDRAW_MS = 80;

/** Formats progress as a line. */
export function progressLine(label: string, share: number, note = ''): string {
  const part = Math.min(1, Math.max(0, share));
  const full = Math.round(part * BAR_CELLS);
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
  return `${label} ${bar} ${String(Math.round(part * 100)).padStart(3)} % ${note}`.trimEnd();
}

/** A progress bar. Without a terminal it shows nothing. */
export class Progress {
  readonly #screen: Screen;
  readonly #isShown: boolean;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#isShown = screen.isTTY === true;
  }

  /** Shows the progress. */
  update(label: string, share: number, note?: string): void {
    const now = performance.now();
    if (!this.#isShown || (now - this.#drawnAt < REDRAW_MS && share < 1)) return;
    this.#drawnAt = now;
    this.#screen.write(`${BEGIN_OF_LINE}${progressLine(label, share, note)}`);
    this.#isDrawn = true;
  }

  /** Removes the bar. */
  end(): void {
    if (this.#isDrawn) this.#screen.write(BEGIN_OF_LINE);
    this.#isDrawn = false;
  }
}

/** Measures the transfer of a file, and shows its progress. */
export class FileMeter {
  readonly #progress: Progress;
  readonly #label: string;
  readonly #totalBytes: number | undefined;
  readonly #beganAt = performance.now();
  bytes = 0;

  /** @param totalBytes Length of the file, if it is known. */
  constructor(screen: Screen, label: string, totalBytes?: number) {
    this.#progress = new Progress(screen);
    this.#label = label;
    this.#totalBytes = totalBytes;
  }

  /** Returns a stream that counts the bytes passing through. */
  through(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: (chunk, controller) => {
        this.bytes += chunk.byteLength;
        this.#progress.update(this.#label, this.#share(), `${megabytes(this.bytes)}, ${this.#rate()}`);
        controller.enqueue(chunk);
      },
    });
  }

  /** Shows the registry's progress in applying the file. */
  applied(done: number, of: number): void {
    this.#progress.update('applying', of === 0 ? 1 : done / of, `${done} of ${of} records`);
  }

  end(): void {
    this.#progress.end();
  }

  /** Returns the totals, for people. */
  summary({ services, overrides, instances, entries }: FileCounts): { rate: string; text: string } {
    const others = [counted(instances, 'instance'), counted(services, 'service')];
    const last = entries === 0 ? counted(overrides, 'override') : `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
    if (entries > 0) others.push(counted(overrides, 'override'));
    const seconds = (performance.now() - this.#beganAt) / 1_000;
    const perSecond = Math.round((services + overrides + instances + entries) / Math.max(seconds, 0.001));
    return {
      text: `${others.join(', ')} and ${last} (${megabytes(this.bytes)})`,
      rate: `${perSecond} records/s`,
    };
  }

  #share(): number {
    return this.#totalBytes === undefined ? 0 : Math.min(0.99, this.bytes / this.#totalBytes);
  }

  #rate(): string {
    const seconds = (performance.now() - this.#beganAt) / 1_000;
    return `${megabytes(this.bytes / Math.max(seconds, 0.001))}/s`;
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
