const EVENTS_KEPT_COUNT = 150;

/** Events kept if calls are watched: whole lives. */
const WATCHED_EVENTS_KEPT_COUNT = 50_000;

/** The last events of a run, to diagnose its failure. */
export class Trace {
  readonly #now: () => number;
  readonly #watched: string | undefined;
  readonly #most: number;
  #events: string[] = [];

  /** @param watched Keeps only calls that mention this text, because there are very many. */
  constructor(now: () => number, watched: string | undefined) {
    this.#now = now;
    this.#watched = watched;
    this.#most = watched === undefined ? EVENTS_KEPT_COUNT : WATCHED_EVENTS_KEPT_COUNT;
  }

  /** Returns whether calls of this name are kept. */
  watches(name: string): boolean {
    return this.#watched !== undefined && name.includes(this.#watched);
  }

  add(event: string): void {
    this.#events.push(`${timeText(this.#now())}  ${event}`);
    if (this.#events.length > 2 * this.#most) this.#events = this.#events.slice(-this.#most);
  }

  /** Returns one event a line, oldest first. */
  text(): string {
    return this.#events.slice(-this.#most).join('\n');
  }
}

/** Formats a time of the world as days, hours, minutes, seconds and milliseconds. */
function timeText(ms: number): string {
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const clock = `${two((ms / 3_600_000) % 24)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}`;
  return `day ${Math.floor(ms / 86_400_000)} ${clock}.${String(ms % 1_000).padStart(3, '0')}`;
}
