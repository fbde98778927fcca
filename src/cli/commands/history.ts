import { Argument } from '@commander-js/extra-typings';
import type { AuditEntry } from '../../client/wire/access-answers';
import type { Cause, HistoryChange, HistoryEntry } from '../../client/wire/history-answers';
import { connect, idArgument, registryCommand, serviceArgument } from '../connection/registry';
import { assertServiceExists } from '../connection/service-check';
import { CliError, EXIT } from '../terminal/failure';
import { count, moment, serviceName, serviceText } from '../terminal/option-values';
import { keyText, relativeText, spanText, withRelativeTimes } from '../terminal/phrases';
import type { Cell, Table } from '../terminal/table';
import { fieldTable } from '../terminal/views';

/** `rollcall why`: explains the state of an instance. */
export function whyCommand() {
  return registryCommand('why')
    .summary('explain why an instance takes no traffic or is gone')
    .description(
      'Explains why an instance is in its current state, or is gone: its history, its renewals, and what happens next.',
    )
    .addArgument(serviceArgument())
    .addArgument(idArgument())
    .option('--limit <count>', 'maximum number of history entries (default 20)', count)
    .action(async (service, id, { limit, ...options }) => {
      const { registry, print } = connect(options);
      const report = await registry.explainInstance({ ...service, id, limit });
      const { renewals, deadlines } = report;
      print.answer(
        report,
        withRelativeTimes(report.summary),
        fieldTable([
          ['last renewed', renewals === null ? '' : relativeText(renewals.lastAt)],
          [
            'longest gap',
            renewals === null
              ? ''
              : `${spanText(renewals.longestGapMs)} (measured since ${relativeText(renewals.gapsSince)})`,
          ],
          ['unhealthy', relativeText(deadlines.unhealthyAt ?? '')],
          ['removed', relativeText(deadlines.removedAt ?? '')],
          ['drained', relativeText(deadlines.drainEndsAt ?? '')],
          ['quarantine ends', relativeText(deadlines.quarantineEndsAt ?? '')],
        ]),
        historyTable(report.entries),
      );
    });
}

/** Enough to see what happened recently. */
const LIMIT_DEFAULT_COUNT = 50;

/** `rollcall history`: shows past changes. */
export function historyCommand() {
  return registryCommand('history')
    .summary('show changes with their time, cause and author')
    .description('Shows the changes of the namespace, of a service, of one instance, or of entries, newest first.')
    .addArgument(new Argument('[service]', 'only this service: orders, or group@@orders').argParser(serviceName))
    .addArgument(new Argument('[id]', 'only this instance of it'))
    .option('--key <key>', 'only this entry')
    .option('--prefix <keys>', 'only entries whose keys begin with this; "" for all entries')
    .option('--cause <cause>', 'only changes with this cause, such as expired')
    .option('--since <time>', 'only later changes: a cursor, a time, or how long ago, such as 10m', moment)
    .option('--until <time>', 'only changes up to then', moment)
    .option('--limit <count>', `maximum number of changes (default ${LIMIT_DEFAULT_COUNT})`, count)
    .option('--page <position>', 'next page, at the position that the previous one printed')
    .action(
      async (
        service,
        id,
        { key, prefix, cause, since, until, limit = LIMIT_DEFAULT_COUNT, page: after, ...options },
      ) => {
        if ([service, key, prefix].filter((each) => each !== undefined).length > 1) {
          const message = 'Give at most one of: a service, --key or --prefix.';
          throw new CliError(EXIT.usage, message, 'See: rollcall history --help');
        }
        const { place, registry, print } = connect(options);
        // `as`: the registry refuses an unknown cause, and lists the valid ones.
        const filter = { ...service, instance: id, key, prefix, cause: cause as Cause | undefined, since, until };
        const page = await registry.readHistory({ ...filter, limit, after });
        if (service !== undefined && page.entries.length === 0) {
          await assertServiceExists(registry, service, place.namespace);
        }
        print.answer(page, historyTable(page.entries));
        if (page.next !== undefined) print.note(`There are older changes: --page ${page.next}`);
        else if (page.compacted) print.note('Older changes are no longer retained.');
      },
    );
}

function outcomeCell({ outcome, code }: AuditEntry): Cell {
  if (outcome === 'refused') return { text: `refused: ${code ?? 'unknown'}`, tone: 'bad' };
  return { text: outcome, tone: outcome === 'done' ? 'good' : 'warning' };
}

/** `rollcall audit`: shows the audit trail. */
export function auditCommand() {
  return registryCommand('audit')
    .summary('show who did what, when and from where')
    .description('Shows the audit trail, newest first: of all namespaces that the token may see, or of one with -n.')
    .option('--limit <count>', 'maximum number of entries (default 50)', count)
    .option('--page <position>', 'next page, at the position that the previous one printed')
    .action(async ({ limit = LIMIT_DEFAULT_COUNT, page: after, ...options }) => {
      const { registry, print } = connect(options);
      const trail = await registry.readAudit({ ns: options.namespace, limit, after });
      const rows = trail.entries.map((entry): Cell[] => [
        relativeText(entry.at),
        entry.action,
        entry.ns ?? '',
        entry.target ?? '',
        outcomeCell(entry),
        entry.actor,
        entry.address ?? '',
        entry.detail ?? '',
      ]);
      print.answer(trail, {
        titles: ['WHEN', 'ACTION', 'NAMESPACE', 'TARGET', 'OUTCOME', 'BY', 'FROM', 'DETAIL'],
        rows,
        spare: [7, 6, 1, 2],
      });
    });
}

const BAD: ReadonlySet<string> = new Set(['expired', 'unhealthy', 'quarantined']);

/** Returns the name of a service, an instance or an entry. */
function nameOf(change: HistoryChange): string {
  if (change.kind === 'entry') return keyText(change);
  return change.kind === 'service' ? serviceText(change) : `${serviceText(change)}/${change.id}`;
}

/** Shows changes, one per line. */
function historyTable(entries: readonly HistoryEntry[]): Table {
  const rows = entries.flatMap(({ at, actor, revision, changes, omitted = 0 }) => {
    const when = relativeText(at);
    const shown = changes.map((change): Cell[] => {
      const { kind, cause } = change;
      const name = nameOf(change);
      return [when, { text: cause, tone: BAD.has(cause) ? 'bad' : undefined }, kind, name, actor, revision];
    });
    return omitted === 0 ? shown : [...shown, [when, '', '', `and ${omitted} more`, actor, revision]];
  });
  return { spare: [5, 2], rows, titles: ['WHEN', 'CAUSE', 'OF', 'NAME', 'BY', 'REVISION'] };
}
