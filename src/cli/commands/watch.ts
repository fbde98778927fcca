import { Argument } from '@commander-js/extra-typings';
import type { WatchStatus } from '../../client/watch/watch';
import type { WatchFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';
import { connect, registryCommand } from '../connection/registry';
import { type InstanceEvent, WatchedInstances } from '../connection/watched-instances';
import { EXIT } from '../terminal/failure';
import { list, serviceText } from '../terminal/option-values';
import type { Printer, Screen } from '../terminal/printer';
import { type Cell, fitted, padded, type Table } from '../terminal/table';
import { addressText, entriesText, stateCell } from '../terminal/views';

/** Exit code after Ctrl-C, by the convention of shells: 128 plus the number of SIGINT. */
const INTERRUPTED = 130;

/** Prints each frame as it arrives: as JSON Lines, or as a line per instance and change. */
function printed(print: Printer, instances: WatchedInstances): (frame: WatchFrame) => void {
  return (frame) => {
    const events = instances.take(frame);
    const present = frame.type === 'snapshot' ? instances.list.map(presentRow) : [];
    print.event(frame, [{ rows: [...present, ...events.map(eventRow)] }]);
  };
}

/** Reports lost and restored connections, which printed lines would not show otherwise. */
function toldStatus(print: Printer): (status: WatchStatus) => void {
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
      'Shows instances and their changes: as a live table in a terminal, as a line per change otherwise, and with --json ' +
        'as a line of JSON per frame. Without a service it covers the whole namespace.',
    )
    .addArgument(new Argument('[services...]', 'services: orders, or group@@orders'))
    .option('--group <group>', 'all services of a group; may be repeated', list)
    .option('--cursor <cursor>', 'resume after this cursor of an earlier watch of the same services')
    .option('--lines', 'print lines in a terminal, too')
    .action(async (services, options) => {
      const { place, print, registry, client: open } = connect(options);
      const { group: groups = [], cursor, timeout, lines } = options;
      // A watch would wait for an unreachable registry. One that is unreachable at the start probably has a wrong URL.
      await registry.readHealth();
      await using client = open();
      const instances = new WatchedInstances();
      const title = [place.namespace, ...groups, ...services].join(' · ');
      const isLive = print.out.isTTY === true && !print.json && lines !== true;
      const live = isLive ? new LiveWatch(print, title, instances) : undefined;

      const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
      let isOver = false;
      const told = toldStatus(print);
      const onStatus = (status: WatchStatus) => {
        if (live !== undefined) live.status(status);
        else if (!isOver && late?.aborted !== true) told(status);
      };
      const watch = client.watch({ services, groups }, { cursor, signal: late, onStatus });
      const interrupt = () => {
        process.exitCode = INTERRUPTED;
        isOver = true;
        watch.close();
      };
      process.once('SIGINT', interrupt);
      const show = live === undefined ? printed(print, instances) : undefined;
      try {
        for await (const frame of watch) {
          if (show === undefined) live?.changed(instances.take(frame));
          else show(frame);
          // This command makes no calls to instances, so drains need not wait for it.
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

  /** Ends the table, and leaves its last state on the screen. */
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
    // The header, an empty line, and the column titles.
    const room = Math.max(1, this.#screen.room - below.length - 3);
    const shown = list.length <= room ? list.length : room - 1;
    const more = shown < list.length ? [paint(`… and ${list.length - shown} more`, 'faint')] : [];
    this.#screen.draw([head, '', ...table.slice(0, 1 + shown), ...more, ...below]);
  }
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE_REST = '\u001b[K';
const CLEAR_SCREEN_REST = '\u001b[J';
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : '');

/**
 * Lines at the end of a terminal that are redrawn in place. Earlier output is not affected, and the last lines stay when
 * it ends.
 */
export class LiveScreen {
  readonly #screen: Screen;
  readonly #showCursor = (): void => void this.#screen.write(SHOW_CURSOR);
  #height = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
    screen.write(HIDE_CURSOR);
    // The next program in the terminal needs a cursor, however this process ends.
    process.once('exit', this.#showCursor);
  }

  /** Number of lines that fit; the cursor is below them. */
  get room(): number {
    return Math.max(1, (this.#screen.rows ?? 24) - 1);
  }

  /** Draws lines in place of the previous ones. None may be wider than the terminal; excess lines are left out. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.room);
    const text = shown.map((line) => `${line}${CLEAR_LINE_REST}\n`).join('');
    // If the terminal has become shorter, its upper lines can no longer be redrawn.
    const back = up(Math.min(this.#height, this.room));
    this.#screen.write(`\r${back}${text}${CLEAR_SCREEN_REST}`);
    this.#height = shown.length;
  }

  end(): void {
    process.off('exit', this.#showCursor);
    this.#showCursor();
  }
}

/** Views of a watch. */

/** Shows instances of any services. */
function watchedTable(instances: readonly Instance[]): Table {
  return {
    titles: ['SERVICE', 'ID', 'ADDRESS', 'STATE', 'WEIGHT', 'VERSION', 'METADATA'],
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
function eventRow({ at, cause, actor, instance, isGone }: InstanceEvent): Cell[] {
  const state: Cell = isGone ? { text: 'gone', tone: 'bad' } : stateCell(instance);
  return row(at, cause, state, instance, { text: `by ${actor}`, tone: 'faint' });
}

/** Shows an instance that exists when the watch starts. */
function presentRow(instance: Instance): Cell[] {
  return row(instance.updatedAt, 'present', stateCell(instance), instance);
}
