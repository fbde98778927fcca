import { Argument } from '@commander-js/extra-typings';
import { type KeyEvent, type KeyRange, kv } from '../../client/kv';
import type { WatchStatus } from '../../client/watch/watch';
import { connect, registryCommand } from '../connection/registry';
import { entryJson, keyJson, keyText, valueCell } from '../terminal/entry-views';
import { CliError, EXIT } from '../terminal/failure';
import { BASE64_OPTION, keyOf } from '../terminal/key-argument';
import { list } from '../terminal/option-values';
import type { Printer } from '../terminal/printer';
import { type Cell, padded } from '../terminal/table';

/** Exit code after Ctrl-C, by the convention of shells: 128 plus the number of SIGINT. */
const INTERRUPTED = 130;

/** Width of the longest cause: lines are printed one by one, and their columns must align. */
const CAUSE_CELLS = 'present'.length;

/** `rollcall kv watch`: prints entries as they change. */
export function kvWatchCommand() {
  return registryCommand('watch')
    .summary('print entries as they change')
    .description(
      'Prints the current entries, then a line for each change; with --json a line of JSON for each event. Ctrl-C ends it.',
    )
    .addArgument(new Argument('[keys...]', 'keys to watch'))
    .option('--prefix <text>', 'watch all keys that begin with this; may be repeated', list)
    .option(...BASE64_OPTION)
    .option('--previous', 'include the previous entry in each change; only with --json')
    .option('--resume-from <cursor>', 'continue after this cursor of an earlier watch of the same keys')
    .action(async (keys, { prefix = [], previous, resumeFrom: cursor, timeout, ...options }) => {
      const scope: KeyRange[] = [
        ...keys.map((text) => ({ key: keyOf(text, options.base64) })),
        ...prefix.map((text) => ({ prefix: keyOf(text, options.base64) })),
      ];
      if (scope.length === 0) {
        throw new CliError(
          EXIT.usage,
          "Give a key, or --prefix; --prefix '' watches every entry.",
          'See: rollcall kv watch --help',
        );
      }
      const { print, registry, client: open } = connect(options);
      // A watch would wait for an unreachable registry. One that is unreachable at the start probably has a wrong URL.
      await registry.readHealth();
      await using client = open();
      const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
      let isOver = false;
      let wasAway = false;
      const onStatus = ({ state }: WatchStatus) => {
        if (isOver || late?.aborted === true) return;
        if (state === 'disconnected') print.note('disconnected; reconnecting, no changes will be missed');
        else if (wasAway) print.note('reconnected');
        wasAway = state === 'disconnected';
      };
      const watch = kv(client).watch(scope, { previous, cursor, signal: late, onStatus });
      const interrupt = () => {
        process.exitCode = INTERRUPTED;
        isOver = true;
        watch.close();
      };
      process.once('SIGINT', interrupt);
      try {
        for await (const event of watch) print.event(eventJson(event), [{ rows: rowsOf(event, print) }]);
      } finally {
        process.off('SIGINT', interrupt);
      }
      if (late?.aborted === true) process.exitCode = EXIT.timedOut;
    });
}

/** Returns an event with entries as the API has them. */
function eventJson(event: KeyEvent): object {
  if (event.type === 'snapshot') return { ...event, entries: event.entries.map(entryJson) };
  if (event.type !== 'changes') return event;
  const changes = event.changes.map((change) => {
    const previous = change.previous === undefined ? {} : { previous: change.previous && entryJson(change.previous) };
    if (change.type === 'put') return { type: change.type, ...entryJson(change.entry), ...previous };
    return { type: change.type, ...keyJson(change.keyBytes), ...previous };
  });
  return { ...event, changes };
}

/** Returns a line for each entry of a snapshot, and for each change. */
function rowsOf(event: KeyEvent, print: Printer): Cell[][] {
  const row = (at: string, cause: string, key: string, value: Cell, ...more: Cell[]): Cell[] => [
    { text: at, tone: 'faint' },
    padded(cause, CAUSE_CELLS, 'left'),
    key,
    value,
    ...more,
  ];
  if (event.type === 'snapshot') {
    if (event.entries.length === 0) print.note('no entries yet; waiting for them');
    return event.entries.map((entry) =>
      row(`r${entry.revision}`, 'present', keyText(entry.keyBytes), valueCell(entry)),
    );
  }
  if (event.type !== 'changes') return [];
  const by: Cell = { text: `by ${event.actor}`, tone: 'faint' };
  return event.changes.map((change) =>
    change.type === 'put'
      ? row(event.at, event.cause, keyText(change.keyBytes), valueCell(change.entry), by)
      : row(event.at, event.cause, keyText(change.keyBytes), { text: 'deleted', tone: 'bad' }, by),
  );
}
