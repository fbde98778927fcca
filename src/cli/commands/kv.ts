import { readFileSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { EntryChange, KeyRange, KeyValue } from '../../client/kv';
import { connect, registryCommand } from '../connection/registry';
import { confirm } from '../terminal/confirm';
import {
  type AnyEntry,
  entryFields,
  entryJson,
  entryTable,
  keyText,
  plainText,
  valueCell,
} from '../terminal/entry-views';
import { CliError, EXIT } from '../terminal/failure';
import { BASE64_OPTION, keyOf } from '../terminal/key-argument';
import { count, moment } from '../terminal/option-values';
import { counted, relativeText } from '../terminal/phrases';
import type { Cell, Table } from '../terminal/table';
import { kvWatchCommand } from './kv-watch';

/** `rollcall kv`: reads and changes entries. */
export function kvCommand() {
  return new Command('kv')
    .summary('read and change entries: keys and values')
    .description('Reads and changes entries: keys with values of any bytes, in the order of the keys.')
    .addCommand(getCommand())
    .addCommand(putCommand())
    .addCommand(rmCommand())
    .addCommand(lsCommand())
    .addCommand(kvWatchCommand())
    .addCommand(historyCommand())
    .addHelpText('after', EXAMPLES);
}

const EXAMPLES = `
Examples:
  rollcall kv put config/url https://db.internal    create or replace an entry
  rollcall kv get config/url                        print its value
  rollcall kv ls config/ --values                   list keys and values
  rollcall kv watch --prefix config/                print changes as they happen
  rollcall kv put leader me --acquire <lease>       lock an entry for a lease
  rollcall diff --prefix config/ --from 10m         what has changed
  rollcall rollback --prefix config/ --to 10m       restore earlier values`;

/** Creates a command about one key. */
function keyCommand(name: string) {
  return registryCommand(name)
    .addArgument(new Argument('<key>', 'key, such as config/db'))
    .option(...BASE64_OPTION);
}

/** Parses a revision. */
function revision(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A revision is a whole number, as kv ls shows it.');
}

function getCommand() {
  return keyCommand('get')
    .summary('print the value of an entry')
    .description(
      'Prints the bytes of a value. In a terminal, a line break follows, and a value that is not text is refused. The ' +
        'exit code is 3 if there is no such entry.',
    )
    .option('--details', 'also show the revision, the version, the type and the lease')
    .option('--as-of <time>', 'the value at a cursor, a time, or how long ago, such as 10m', moment)
    .action(async (name, { details, asOf, ...options }) => {
      const { entries, print } = connect(options);
      const entry = await entries.get(keyOf(name, options.base64), { at: asOf });
      if (entry === undefined) {
        const message = `There is no entry ${JSON.stringify(name)}${asOf === undefined ? '' : ' at that time'}.`;
        throw new CliError(EXIT.notFound, message, 'List the entries: rollcall kv ls', { code: 'ENTRY_NOT_FOUND' });
      }
      if (print.json || details === true) return print.answer(entryJson(entry), entryFields(entry));
      if (print.out.isTTY !== true) return void process.stdout.write(entry.value);
      const text = plainText(entry.value);
      if (text !== undefined) return void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
      const kind = entry.contentType === undefined ? '' : ` of ${entry.contentType}`;
      throw new CliError(
        EXIT.failure,
        `The value of ${JSON.stringify(name)} is ${counted(entry.bytes, 'byte')}${kind} that a terminal cannot show.`,
        'Write it to a file: rollcall kv get <key> > <file>',
      );
    });
}

/** Reads a value from the command line, a file or standard input. */
function valueFrom(text: string): string | Uint8Array {
  if (text !== '-' && !text.startsWith('@')) return text;
  const path = text.slice(1);
  try {
    return readFileSync(text === '-' ? 0 : path);
  } catch (error) {
    const from = text === '-' ? 'standard input' : path;
    throw new CliError(
      EXIT.usage,
      `Cannot read the value from ${from}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const VALUES = `
The value is a text, the content of a file, or standard input:
  rollcall kv put config/url https://db.internal
  rollcall kv put logo @logo.png --content-type image/png
  printf %s @home | rollcall kv put user -`;

function putCommand() {
  return keyCommand('put')
    .summary('put an entry')
    .description('Creates an entry, or replaces its value. Every put is a change, even of the same value.')
    .addArgument(new Argument('<value>', 'text, @file, or - for standard input'))
    .option('--content-type <type>', 'media type of the value, such as application/json')
    .option('--lease <id>', 'delete the entry when this lease ends; see: rollcall lease')
    .option('--acquire <lease>', 'lock the entry for this lease; refused while another one holds the lock')
    .option('--release <lease>', 'release the lock, which this lease holds')
    .option('--if-revision <revision>', 'only if the entry has this revision', revision)
    .option('--if-absent', 'only if there is no such entry')
    .addHelpText('after', VALUES)
    .action(async (name, value, { contentType, lease, acquire, release, ifRevision, ifAbsent, ...options }) => {
      if (ifAbsent === true && ifRevision !== undefined) {
        const message = 'Use either --if-absent or --if-revision, not both.';
        throw new CliError(EXIT.usage, message, 'See: rollcall kv put --help');
      }
      if (acquire !== undefined && release !== undefined) {
        throw new CliError(EXIT.usage, 'Use either --acquire or --release, not both.', 'See: rollcall kv put --help');
      }
      const { entries, print } = connect(options);
      const settings = { contentType, lease, acquire, release, ifRevision, ifAbsent };
      const { created, ...entry } = await entries.put(keyOf(name, options.base64), valueFrom(value), settings);
      const done = `${created ? 'created' : 'changed'} ${keyText(entry.keyBytes)}, revision ${entry.revision}`;
      print.answer({ ...entryJson(entry), created }, done);
    });
}

function rmCommand() {
  return keyCommand('rm')
    .summary('delete an entry, or all with a prefix')
    .description('Deletes an entry. Succeeds if there is none.')
    .option('--prefix', 'delete every entry whose key begins with <key>, in one revision')
    .option('--if-revision <revision>', 'only if the entry has this revision', revision)
    .option('--yes', 'skip the confirmation of --prefix')
    .action(async (name, { prefix: isPrefix, ifRevision, yes, ...options }) => {
      const { entries, print, place } = connect(options);
      const key = keyOf(name, options.base64);
      if (ifRevision !== undefined) {
        if (isPrefix === true) {
          const message = 'Use either --prefix or --if-revision, not both.';
          throw new CliError(EXIT.usage, message, 'See: rollcall kv rm --help');
        }
        await entries.delete(key, { ifRevision });
        return print.answer({ key: name, deleted: true }, `deleted ${name}`);
      }
      if (isPrefix !== true) {
        const deleted = (await deleteRange(entries, { key })) > 0;
        return print.answer({ key: name, deleted }, deleted ? `deleted ${name}` : `there was no entry ${name}`);
      }
      const many = await entries.count({ prefix: key });
      const question = `Delete ${counted(many, 'entry', 'entries')} of namespace ${place.namespace} with ${JSON.stringify(name)}?`;
      if (many > 0) await confirm(question, yes, { input: process.stdin, output: process.stderr });
      const deleted = await deleteRange(entries, { prefix: key });
      print.answer({ prefix: name, deleted }, `deleted ${counted(deleted, 'entry', 'entries')}`);
    });
}

/** Deletes the entries of a range in one revision; returns their number. */
async function deleteRange(entries: KeyValue, range: KeyRange): Promise<number> {
  const { results } = await entries.transaction({ do: [{ op: 'delete', ...range }] });
  return results[0]?.op === 'delete' ? results[0].deleted : 0;
}

function lsCommand() {
  return registryCommand('ls')
    .summary('list entries')
    .description('Lists entries in the order of their keys, all or those whose keys begin with a prefix.')
    .addArgument(new Argument('[key-prefix]', 'beginning of the keys, such as config/'))
    .option('--values', 'also show the values')
    .option('--limit <count>', 'maximum number of entries', count)
    .option('--descending', 'reverse the order')
    .option('--count', 'print only the number of entries')
    .option(...BASE64_OPTION)
    .option('--as-of <time>', 'past entries: at a cursor, a time, or how long ago, such as 10m', moment)
    .action(async (name = '', { values, limit = Number.POSITIVE_INFINITY, count: isCount, ...options }) => {
      const { entries, print, place } = connect(options);
      const { descending, asOf: at } = options;
      const prefix = keyOf(name, options.base64);
      if (isCount === true) {
        const number = await entries.count({ prefix }, { at });
        return print.answer({ count: number }, `${number}`);
      }
      // One more than the limit shows whether there are further entries.
      const settings = { descending, at, pageSize: Math.min(limit + 1, PAGE_COUNT) };
      const found: AnyEntry[] = [];
      let hasMore = false;
      for await (const entry of entries[values === true ? 'list' : 'keys']({ prefix }, settings)) {
        hasMore = found.length === limit;
        if (hasMore) break;
        found.push(entry);
      }
      print.answer({ entries: found.map(entryJson), more: hasMore }, entryTable(found));
      if (print.json) return;
      if (found.length === 0) {
        const verb = at === undefined ? 'has' : 'had';
        const kind = name === '' ? 'entries' : `entries whose keys begin with ${JSON.stringify(name)}`;
        print.note(`Namespace ${place.namespace} ${verb} no ${kind}${at === undefined ? '' : ' at that time'}.`);
      }
      if (hasMore) print.note(`There are more entries than --limit ${limit}.`);
    });
}

/** Entries in a page of a list. */
const PAGE_COUNT = 1_000;

function historyCommand() {
  return keyCommand('history')
    .summary('show the changes of a key')
    .description('Shows the changes of a key, newest first, even if the entry has been deleted.')
    .option('--limit <count>', 'maximum number of changes (default 20)', count)
    .option('--page <position>', 'continue a previous page')
    .action(async (name, { limit = 20, page, ...options }) => {
      const { entries, print } = connect(options);
      const { changes, next, compacted } = await entries.history(keyOf(name, options.base64), { limit, after: page });
      const content = (entry: AnyEntry | null) => entry && entryJson(entry);
      const shown = changes.map((each) => ({ ...each, before: content(each.before), after: content(each.after) }));
      print.answer({ changes: shown, next, compacted }, changeTable(changes));
      if (print.json) return;
      if (changes.length === 0) print.note(`The history has no change of ${JSON.stringify(name)}.`);
      if (next !== undefined) print.note(`There are older changes: --page ${next}`);
      else if (compacted) print.note('Older changes are no longer retained.');
    });
}

function changeTable(changes: readonly EntryChange[]): Table {
  return {
    titles: ['WHEN', 'CAUSE', 'REVISION', 'VERSION', 'BY', 'VALUE'],
    spare: [5, 4],
    rows: changes.map(({ at, cause, actor, revision: number, after }): Cell[] => [
      relativeText(at),
      cause,
      `${number}`,
      after === null ? '' : `${after.version}`,
      actor,
      after === null ? { text: 'deleted', tone: 'bad' } : valueCell(after),
    ]),
  };
}
