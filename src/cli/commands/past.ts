import { Argument } from '@commander-js/extra-typings';
import type { EntryDiff, Moment, ServiceDiff } from '../../client/wire/history-answers';
import { allPages, connect, registryCommand } from '../connection/registry';
import { assertServiceExists } from '../connection/service-check';
import { confirm } from '../terminal/confirm';
import { contentCell } from '../terminal/entry-views';
import { CliError, EXIT } from '../terminal/failure';
import { BASE64_OPTION, standardBase64 } from '../terminal/key-argument';
import { moment, type ServiceName, serviceName, serviceText } from '../terminal/option-values';
import { keyText, relativeText } from '../terminal/phrases';
import type { Cell, Table } from '../terminal/table';
import { addressText, fieldTable, stateCell } from '../terminal/views';

const optionalService = () => new Argument('[service]', 'service: orders, or group@@orders').argParser(serviceName);

/** Selection of entries. */
interface Keys {
  key?: string | undefined;
  prefix?: string | undefined;
  base64?: boolean | undefined;
}

/** Returns the subject of a command: a service, or else entries. */
function subjectOf(service: ServiceName | undefined, keys: Keys, command: string) {
  const count = [service, keys.key, keys.prefix].filter((each) => each !== undefined).length;
  if (count === 1) return service;
  throw new CliError(EXIT.usage, 'Give one of: a service, --key or --prefix.', `See: rollcall ${command} --help`);
}

/** Returns selected keys as a body has them. */
function namedKeys({ key, prefix, base64 }: Keys) {
  if (base64 !== true) return { key, prefix };
  return {
    keyBase64: key === undefined ? undefined : standardBase64(key),
    prefixBase64: prefix === undefined ? undefined : standardBase64(prefix),
  };
}

/** Shows entries that differ. */
function differenceTable(entries: EntryDiff['entries']): Table {
  const end = (content: EntryDiff['entries'][number]['before']): Cell =>
    content === null ? 'not there' : contentCell(content);
  return {
    titles: ['KEY', 'BEFORE', 'AFTER'],
    rows: entries.map(({ key, keyBase64, before, after }): Cell[] => [
      keyText({ key, keyBase64 }),
      end(before),
      end(after),
    ]),
  };
}

/** Reports the outcome of a rollback in a sentence; without a name, that of all entries. */
function outcomeText(name: string | undefined, { revision, to }: { revision: number | null; to: Moment }): string {
  const when = relativeText(to.at);
  if (name === undefined) {
    return revision === null
      ? `all entries are already as they were ${when}`
      : `rolled back all entries to their state ${when}`;
  }
  return revision === null ? `${name} is already as it was ${when}` : `rolled back ${name} to its state ${when}`;
}

/** Shows a number; empty for none, so that its line is left out. */
const countText = (count: number): string => (count === 0 ? '' : `${count}`);

/** Shows an instance at one end of a comparison. */
function endCell(instance: ServiceDiff['instances'][number]['before']): Cell {
  return instance === null ? 'not there' : stateCell(instance);
}

/** `rollcall diff`: compares a service at two points in time. */
export function diffCommand() {
  return registryCommand('diff')
    .summary('compare a service or entries with their past')
    .description(
      'Compares a service, or entries, at two points in time: a cursor, a time, or how long ago, such as 10m.',
    )
    .addArgument(optionalService())
    .option('--key <key>', 'compare this entry')
    .option('--prefix <keys>', 'compare entries whose keys begin with this; "" for all entries')
    .option(...BASE64_OPTION)
    .requiredOption('--from <time>', 'first point in time', moment)
    .option('--to <time>', 'second point in time (default now)', moment)
    .action(async (name, { key, prefix, from, to, ...options }) => {
      const service = subjectOf(name, { key, prefix }, 'diff');
      const { place, registry, print } = connect(options);
      let until = to;
      if (service === undefined) {
        // An invalid one is reported here, by the name of its option.
        namedKeys({ key, prefix, base64: options.base64 });
        const { first, items: entries } = await allPages(
          async (after) => {
            const page = await registry.diffEntries({
              key,
              prefix,
              base64: options.base64 && 'true',
              from,
              to: until,
              after,
            });
            until = page.to.cursor;
            return page;
          },
          (page) => page.entries,
        );
        const { next: _next, more: _more, ...diff } = { ...first, entries };
        return print.answer(diff, differenceTable(entries));
      }
      const { first, items: instances } = await allPages(
        async (after) => {
          const page = await registry.diffService({ ...service, from, to: until, after });
          // Further pages compare the same points as the first.
          until = page.to.cursor;
          return page;
        },
        (page) => page.instances,
      );
      if (instances.length === 0) await assertServiceExists(registry, service, place.namespace);
      const { next: _next, ...diff } = { ...first, instances };
      const rows = instances.map(({ id, before, after }): Cell[] => {
        const known = after ?? before;
        return [id, known === null ? '' : addressText(known), endCell(before), endCell(after)];
      });
      const own = diff.service === undefined ? [] : ['the settings of the service differ'];
      print.answer(diff, ...own, { titles: ['ID', 'ADDRESS', 'BEFORE', 'AFTER'], rows });
    });
}

/** `rollcall rollback`: restores earlier settings of operators. */
export function rollbackCommand() {
  return registryCommand('rollback')
    .summary('roll back the overrides and settings of a service, or entries')
    .description(
      'Restores overrides, and the metadata, protect threshold and selector of the service, to an earlier state. It does ' +
        'not change registrations, or bring back instances. With --key or --prefix it restores entries, and deletes those ' +
        'that did not exist, except those that a lease holds or has locked, or held then.',
    )
    .addArgument(optionalService())
    .option('--key <key>', 'roll back this entry')
    .option('--prefix <keys>', 'roll back entries whose keys begin with this; "" for all entries')
    .option(...BASE64_OPTION)
    .option('--yes', 'skip the confirmation of --prefix ""')
    .requiredOption('--to <time>', 'a cursor, a time, or how long ago, such as 10m', moment)
    .action(async (name, { key, prefix, to, yes, ...options }) => {
      const service = subjectOf(name, { key, prefix }, 'rollback');
      const { registry, print, place } = connect(options);
      if (service === undefined) {
        const named = namedKeys({ key, prefix, base64: options.base64 });
        if (prefix === '') {
          const question = `Roll back all entries of namespace ${place.namespace} to ${to}?`;
          await confirm(question, yes, { input: process.stdin, output: process.stderr });
        }
        const report = await registry.rollBackEntries({ body: { ...named, to } });
        const one = keyText({ key: named.key ?? named.prefix, keyBase64: named.keyBase64 ?? named.prefixBase64 });
        return print.answer(
          report,
          outcomeText(prefix === '' ? undefined : key === undefined ? `${one}*` : one, report),
          fieldTable([
            ['restored', countText(report.restored)],
            ['deleted', countText(report.deleted)],
            ['held by a lease', countText(report.held)],
          ]),
        );
      }
      const report = await registry.rollBackService({ ...service, body: { to } });
      print.answer(
        report,
        outcomeText(serviceText(service), report),
        fieldTable([
          ['service', report.service],
          ['restored', report.restored.join(' ')],
          ['removed', report.removed.join(' ')],
          ['gone', report.gone.join(' ')],
        ]),
      );
    });
}
