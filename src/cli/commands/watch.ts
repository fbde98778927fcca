import { Argument } from '@commander-js/extra-typings';
import type { WatchStatus } from '../../client/watch/watch';
import type { WatchFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';
import { connect, registryCommand } from '../connection/registry';
import { type InstanceEvent, WatchedInstances } from '../connection/watched-instances';
import { EXIT } from '../terminal/failure';
import { type EndKey, type LiveParts, LiveScreen, liveLines } from '../terminal/live-screen';
import { list, serviceText } from '../terminal/option-values';
import { relativeText } from '../terminal/phrases';
import type { Printer } from '../terminal/printer';
import { type Cell, fitted, padded, type Table } from '../terminal/table';
import { addressText, entriesText, stateCell } from '../terminal/views';

/** Exit code after Ctrl-C, by the convention of shells: 128 plus the number of SIGINT. */
const INTERRUPTED = 130;

/** Prints each frame as it arrives: as JSON Lines, or as a line per instance and change. */
function printed(print: Printer, instances: WatchedInstances): (frame: WatchFrame) => void {
  return (frame) => {
    const events = instances.take(frame);
    const present = frame.type === 'snapshot' ? instances.list.map(presentRow) : [];
    if (frame.type === 'snapshot' && present.length === 0 && !print.json)
      print.note('no instances yet; waiting for them');
    print.event(frame, [{ rows: [...present, ...events.map(eventRow)] }]);
  };
}

/** Reports lost and restored connections, which printed lines would not show otherwise. */
function statusNotes(print: Printer): (status: WatchStatus) => void {
  let wasAway = false;
  return ({ state }) => {
    if (state === 'disconnected') print.note('disconnected; reconnecting, no changes will be missed');
    else if (wasAway) print.note('reconnected');
    wasAway = state === 'disconnected';
  };
}

/** `rollcall watch`: shows instances as they change. */
export function watchCommand() {
  return registryCommand('watch')
    .summary('show instances as they change')
    .description(
      'Shows instances and their changes: as a live table in a terminal, which q, Esc or Ctrl-C ends; as a line per change ' +
        'otherwise; and with --json as a line of JSON per frame. Without a service it covers the whole namespace.',
    )
    .addArgument(new Argument('[services...]', 'services: orders, or group@@orders'))
    .option('--group <group>', 'all services of a group; may be repeated', list)
    .option('--resume-from <cursor>', 'continue after this cursor of an earlier watch of the same services')
    .option('--lines', 'print lines in a terminal, too')
    .action(async (services, options) => {
      const { place, print, registry, client: open } = connect(options);
      const { group: groups = [], resumeFrom: cursor, timeout, lines } = options;
      // A watch would wait for an unreachable registry. One that is unreachable at the start probably has a wrong URL.
      await registry.readHealth();
      await using client = open();
      const instances = new WatchedInstances();
      const title = [place.namespace, ...groups, ...services].join(' · ');
      const isLive = print.out.isTTY === true && !print.json && lines !== true;
      let isOver = false;
      const end = (key: EndKey) => {
        process.exitCode = key === 'interrupt' ? INTERRUPTED : EXIT.ok;
        isOver = true;
        watch.close();
      };
      const live = isLive ? await LiveWatch.open(print, title, instances, end) : undefined;

      const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
      const note = statusNotes(print);
      const onStatus = (status: WatchStatus) => {
        if (live !== undefined) live.status(status);
        else if (!isOver && late?.aborted !== true) note(status);
      };
      // This command makes no calls to instances, so drains need not wait for it, even if its output is paused.
      const watch = client.watch({ services, groups }, { cursor, observer: true, signal: late, onStatus });
      const interrupt = () => end('interrupt');
      process.once('SIGINT', interrupt);
      const show = live === undefined ? printed(print, instances) : undefined;
      try {
        for await (const frame of watch) {
          if (show === undefined) live?.changed(instances.take(frame));
          else show(frame);
          // For an older registry, which has no observers.
          if (frame.type !== 'reset') watch.acknowledge(frame.cursor);
        }
      } finally {
        process.off('SIGINT', interrupt);
        live?.end();
      }
      if (late?.aborted === true) process.exitCode = EXIT.timedOut;
    });
}

/** Minimum time between redraws: many changes may arrive at once. */
const REDRAW_MS = 50;

/** Time between redraws that update the ages of events. */
const AGES_REDRAW_MS = 1_000;

/** Number of recent events below the table. */
const EVENTS_SHOWN_COUNT = 6;

/** A live table of instances in a terminal. */
class LiveWatch {
  readonly #print: Printer;
  readonly #title: string;
  readonly #instances: WatchedInstances;
  readonly #screen: LiveScreen;
  readonly #resized = (): void => this.#soon();
  #events: InstanceEvent[] = [];
  #status: WatchStatus['state'] = 'disconnected';
  #timer: NodeJS.Timeout | undefined;
  readonly #ages: NodeJS.Timeout;

  /** Takes over the terminal. @param onEnd Called when the user ends the view by a key. */
  static async open(print: Printer, title: string, instances: WatchedInstances, onEnd: (key: EndKey) => void) {
    const screen = await LiveScreen.open({ screen: process.stdout, input: process.stdin, onEnd });
    return new LiveWatch(print, title, instances, screen);
  }

  private constructor(print: Printer, title: string, instances: WatchedInstances, screen: LiveScreen) {
    this.#print = print;
    this.#title = title;
    this.#instances = instances;
    this.#screen = screen;
    process.stdout.on('resize', this.#resized);
    this.#ages = setInterval(() => this.#soon(), AGES_REDRAW_MS);
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

  /** Ends the table, and leaves its last state on the screen. */
  end(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#ages);
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
    const rest = ` · ${available} of ${list.length} available${this.#screen.hasKeys ? ' · q: quit' : ''}`;
    const width = (this.#print.out.columns ?? 80) - rest.length - ' · not connected'.length;
    const status = `${paint(fitted(this.#title, Math.max(8, width)), 'strong')} · ${link}${rest}`;
    const parts: LiveParts = {
      table: this.#print.lines(watchedTable(list)),
      events: this.#print.lines({ rows: this.#events.map(recentRow), spare: [4, 1] }),
      status,
      more: (count) => paint(`… and ${count} more`, 'faint'),
    };
    this.#screen.draw(liveLines(parts, this.#screen.room));
  }
}

/** Views of a watch. */

/** Shows instances of any services. */
function watchedTable(instances: readonly Instance[]): Table {
  return {
    titles: ['SERVICE', 'ID', 'ADDRESS', 'STATE', 'WEIGHT', 'VERSION', 'METADATA'],
    spare: [6, 5, 4],
    rows: instances.map((each): Cell[] => [
      serviceText(each),
      each.id,
      addressText(each),
      stateCell(each),
      each.weight,
      each.version ?? '',
      { text: entriesText(each.metadata), tone: 'faint' },
    ]),
  };
}

/** Widths of the longest cause and state: lines are printed one by one, and their columns must align. */
const CAUSE_CELLS = 'session-closed'.length;
const STATE_CELLS = 'out-of-service'.length;

/** Shows the state after an event. */
const eventState = ({ instance, isGone }: InstanceEvent): Cell =>
  isGone ? { text: 'gone', tone: 'bad' } : stateCell(instance);

/** Shows an event of the live view, which has the addresses in its table. */
function recentRow(event: InstanceEvent): Cell[] {
  const { at, cause, actor, instance } = event;
  const name = `${serviceText(instance)}/${instance.id}`;
  return [relativeText(at), cause, eventState(event), name, { text: `by ${actor}`, tone: 'faint' }];
}

/** Shows a line of output that stays, so its time is absolute. */
function row(at: string, cause: string, state: Cell, instance: Instance, ...more: Cell[]): Cell[] {
  const { text, tone } = typeof state === 'object' ? state : { text: `${state}`, tone: undefined };
  return [
    { text: at, tone: 'faint' },
    padded(cause, CAUSE_CELLS, 'left'),
    { text: padded(text, STATE_CELLS, 'left'), tone },
    `${serviceText(instance)}/${instance.id}`,
    addressText(instance),
    ...more,
  ];
}

/** Shows an event. */
function eventRow(event: InstanceEvent): Cell[] {
  const by: Cell = { text: `by ${event.actor}`, tone: 'faint' };
  return row(event.at, event.cause, eventState(event), event.instance, by);
}

/** Shows an instance that exists when the watch starts. */
function presentRow(instance: Instance): Cell[] {
  return row(instance.updatedAt, 'present', stateCell(instance), instance);
}
