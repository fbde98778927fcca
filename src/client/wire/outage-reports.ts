import type { ClientOptions } from './client-options';
import type { Outages } from './outages';
import type { Time } from './time';

export type LoadOutages = () => Promise<typeof import('./outages')>;

/** Loads {@link Outages} with the first failure: most clients never need it. */
export class OutageReports {
  readonly #url: string;
  readonly #time: Time;
  readonly #onWarning: ClientOptions['onWarning'];
  readonly #load: LoadOutages | undefined;
  #outages: Promise<Outages> | undefined;

  constructor(url: string, time: Time, onWarning: ClientOptions['onWarning'], load: LoadOutages | undefined) {
    this.#url = url;
    this.#time = time;
    this.#onWarning = onWarning;
    this.#load = load;
  }

  /**
   * Reports a failure or a recovery to the application: see `ClientOptions.onWarning`.
   *
   * @param isFailure False: nothing happens unless there was a failure before.
   */
  report(act: (outages: Outages) => void, isFailure = false): void {
    const onWarning = this.#onWarning;
    if (isFailure && onWarning !== false) {
      this.#outages ??= this.#load?.().then(({ Outages }) => new Outages(this.#url, this.#time, onWarning));
    }
    // Offline, a browser can't load the module.
    this.#outages?.then(act).catch(() => {});
  }
}
