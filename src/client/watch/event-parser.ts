/** One event of an event stream. */
export interface ServerEvent {
  type: string;
  data: string;
  /** Come back after so many milliseconds, where the event says so. */
  retryMs: number | undefined;
}

/**
 * Reads an event stream as it comes, in pieces cut anywhere. What the registry does not send is left out: several lines
 * of data, and a lone carriage return as the end of a line.
 * Source: HTML, 9.2.6.
 */
export class EventParser {
  #rest = '';
  #type = '';
  #data = '';
  #retryMs: number | undefined;

  /** Takes in a piece, and returns the events that end in it. */
  take(piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  #line(line: string): ServerEvent[] {
    if (line === '') {
      const event = { type: this.#type, data: this.#data, retryMs: this.#retryMs };
      const isEvent = event.data !== '' || event.retryMs !== undefined;
      this.#type = '';
      this.#data = '';
      this.#retryMs = undefined;
      return isEvent ? [event] : [];
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === 'event') this.#type = value;
    if (name === 'data') this.#data = value;
    if (name === 'retry') this.#retryMs = Number(value);
    return [];
  }
}
