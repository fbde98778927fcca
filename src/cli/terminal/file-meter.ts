import type { FileCounts } from '../../client/wire/transfer-answers';
import type { Screen } from './printer';
import { Progress } from './progress';

/** Measures a file on its way, and shows how far it is. */
export class FileMeter {
  readonly #progress: Progress;
  readonly #label: string;
  readonly #totalBytes: number | undefined;
  readonly #beganAt = performance.now();
  bytes = 0;

  /** @param totalBytes Length of the file, where it is known. */
  constructor(screen: Screen, label: string, totalBytes?: number) {
    this.#progress = new Progress(screen);
    this.#label = label;
    this.#totalBytes = totalBytes;
  }

  /** Lets bytes through and counts them. */
  through(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: (chunk, controller) => {
        this.bytes += chunk.byteLength;
        this.#progress.update(this.#label, this.#share(), `${megabytes(this.bytes)}, ${this.#rate()}`);
        controller.enqueue(chunk);
      },
    });
  }

  /** Shows how far the registry is with what it was sent. */
  applied(done: number, of: number): void {
    this.#progress.update('applying', of === 0 ? 1 : done / of, `${done} of ${of} records`);
  }

  end(): void {
    this.#progress.end();
  }

  /** What it came to, for people. */
  summary({ services, overrides, instances }: FileCounts): { rate: string; text: string } {
    const seconds = (performance.now() - this.#beganAt) / 1_000;
    const perSecond = Math.round((services + overrides + instances) / Math.max(seconds, 0.001));
    return {
      text: `${instances} instances, ${services} services and ${overrides} overrides (${megabytes(this.bytes)})`,
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
