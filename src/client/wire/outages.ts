import type { ClientOptions } from './client-options';
import type { RollcallError } from './rollcall-error';
import type { Time } from './time';

/** A watch or a registration that fails. */
interface Failing {
  error: RollcallError;
  /** The same for all failures of an outage, whatever their messages. */
  kind: string;
  isReported: boolean;
  cancel?: () => void;
}

/**
 * Reports to the application that the registry can't be reached or refuses something, and that it works again: one
 * message for each outage, however many watches and registrations it affects and however often they try again. Loaded on
 * demand, with the first failure.
 */
export class Outages {
  readonly #url: string;
  readonly #time: Time;
  readonly #warn: (message: string, error?: RollcallError) => void;
  readonly #failing = new Map<object, Failing>();

  constructor(url: string, time: Time, onWarning: ClientOptions['onWarning']) {
    this.#url = url;
    this.#time = time;
    this.#warn = onWarning || ((message) => console.warn(`rollcall: ${message}`));
  }

  /**
   * Records a failed attempt.
   *
   * @param source The watch or registration that failed.
   * @param graceMs Time until it is reported, unless another attempt fails or works before.
   */
  failed(source: object, error: RollcallError, graceMs: number): void {
    const kind = error.isPassing ? '' : error.message;
    const known = this.#failing.get(source);
    const failing: Failing = known ?? { error, kind, isReported: false };
    this.#failing.set(source, failing);
    failing.error = error;
    if (known?.isReported && known.kind === kind) return;
    failing.isReported &&= failing.kind === kind;
    failing.kind = kind;
    if (known === undefined && graceMs > 0) failing.cancel = this.#time.after(graceMs, () => this.#report(failing));
    else this.#report(failing);
  }

  /** Records that an attempt worked. */
  worked(source: object): void {
    const failing = this.#failing.get(source);
    this.closed(source);
    if (failing?.isReported && !this.#isReported(failing.kind)) this.#call(`${this.#url} answers again`);
  }

  /** Reports that a watch has ended because the registry refuses it. */
  ended(watched: string, error: RollcallError): void {
    this.#call(`the watch of ${watched} has ended: ${error.message}`, error);
  }

  /** Forgets a source that the application has closed. */
  closed(source: object): void {
    this.#failing.get(source)?.cancel?.();
    this.#failing.delete(source);
  }

  #report(failing: Failing): void {
    failing.cancel?.();
    const isKnown = this.#isReported(failing.kind);
    failing.isReported = true;
    if (!isKnown) this.#call(`${failing.error.message}; trying again`, failing.error);
  }

  #isReported(kind: string): boolean {
    return [...this.#failing.values()].some((other) => other.isReported && other.kind === kind);
  }

  #call(message: string, error?: RollcallError): void {
    try {
      this.#warn(message.includes(this.#url) ? message : `${this.#url}: ${message}`, error);
    } catch (thrown) {
      // An error of the application's listener must not stop the attempts.
      console.error('rollcall: onWarning threw', thrown);
    }
  }
}
