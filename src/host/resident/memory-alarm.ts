import type { Alarm } from '../../core/platform/platform';

/** An alarm in memory, which the tick of the host looks at. It lasts as long as what it wakes does. */
export class MemoryAlarm implements Alarm {
  #armedFor: number | null = null;

  armedFor(): number | null {
    return this.#armedFor;
  }

  arm(at: number): void {
    this.#armedFor = at;
  }

  /** Moves it, as the wall clock jumped: what was ten seconds away still is. */
  moveWithClock(jumpMs: number): void {
    if (this.#armedFor !== null) this.#armedFor += jumpMs;
  }

  /** Returns when it was due, and disarms it, if that is over at `now`. */
  fired(now: number): number | undefined {
    const at = this.#armedFor;
    if (at === null || at > now) return undefined;
    this.#armedFor = null;
    return at;
  }
}
