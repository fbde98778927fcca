import type { WatchStatus } from '../../client/watch/watch';
import type { InstanceEvent, WatchedInstances } from '../connection/watched-instances';
import { LiveScreen } from '../terminal/live-screen';
import type { Printer } from '../terminal/printer';
import { fitted } from '../terminal/text-width';
import { eventRow, watchedTable } from '../views/watch-views';

/** Many changes may come at once, and nobody sees more drawings than this. */
const REDRAW_MS = 50;

/** The newest events below the table. */
const EVENTS_SHOWN_COUNT = 6;

/** A table of instances that changes as they do, for a person at a terminal. */
export class LiveWatch {
  readonly #print: Printer;
  readonly #title: string;
  readonly #instances: WatchedInstances;
  readonly #screen: LiveScreen;
  readonly #resized = (): void => this.#soon();
  #events: InstanceEvent[] = [];
  #status: WatchStatus['state'] = 'disconnected';
  #timer: NodeJS.Timeout | undefined;

  constructor(print: Printer, title: string, instances: WatchedInstances) {
    this.#print = print;
    this.#title = title;
    this.#instances = instances;
    this.#screen = new LiveScreen(print.out);
    process.stdout.on('resize', this.#resized);
    this.#soon();
  }

  status({ state }: WatchStatus): void {
    this.#status = state;
    this.#soon();
  }

  changed(events: readonly InstanceEvent[]): void {
    this.#events = [...this.#events, ...events].slice(-EVENTS_SHOWN_COUNT);
    this.#soon();
  }

  /** Leaves the last drawing where it is. */
  end(): void {
    clearTimeout(this.#timer);
    process.stdout.off('resize', this.#resized);
    this.#draw();
    this.#screen.end();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, REDRAW_MS);
  }

  #draw(): void {
    const { paint } = this.#print;
    const { list } = this.#instances;
    const available = list.filter((instance) => instance.available).length;
    const isConnected = this.#status === 'connected';
    const link = paint(isConnected ? 'connected' : 'not connected', isConnected ? 'good' : 'bad');
    const counts = `${available} of ${list.length} available`;
    const width = (this.#print.out.columns ?? 80) - counts.length - ' · not connected · '.length;
    const head = `${paint(fitted(this.#title, Math.max(8, width)), 'strong')} · ${link} · ${counts}`;

    const events = this.#print.lines({ rows: this.#events.map(eventRow) });
    const below = events.length > 0 ? ['', ...events] : [];
    const table = this.#print.lines(watchedTable(list));
    // The head, an empty line, and the titles.
    const room = Math.max(1, this.#screen.room - below.length - 3);
    const shown = list.length <= room ? list.length : room - 1;
    const more = shown < list.length ? [paint(`… and ${list.length - shown} more`, 'faint')] : [];
    this.#screen.draw([head, '', ...table.slice(0, 1 + shown), ...more, ...below]);
  }
}
