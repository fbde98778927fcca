import { Argument } from '@commander-js/extra-typings';
import type { AuditEntry } from '../../client/wire/directory-answers';
import type { Cause, HistoryEntry, ServiceDiff } from '../../client/wire/history-answers';
import { allPages, connect, idArgument, registryCommand, serviceArgument } from '../connection/registry';
import { count, moment, serviceName, serviceText } from '../terminal/option-values';
import type { Cell, Table } from '../terminal/table';
import { addressText, durationText, fieldTable, stateCell } from '../terminal/views';

/** `rollcall why`: why an instance is as it is, or is gone. */
export function whyCommand() {
  return registryCommand('why')
    .summary('show why an instance takes no traffic, or is gone')
    .description(
      'Shows why an instance is as it is, or is gone: what happened to it, how it renewed, and what comes next.',
    )
    .addArgument(serviceArgument())
    .addArgument(idArgument())
    .option('--limit <count>', 'at most so many entries of its past (default 20)', count)
    .action(async (service, id, { limit, ...options }) => {
      const { registry, print } = connect(options);
      const report = await registry.explainInstance({ ...service, id, limit });
      const { renewals, deadlines } = report;
      print.answer(
        report,
        report.summary,
        fieldTable([
          ['last renewed', renewals?.lastAt],
          [
            'longest gap',
            renewals === null ? '' : `${durationText(renewals.longestGapMs)} since ${renewals.gapsSince}`,
          ],
          ['unhealthy at', deadlines.unhealthyAt ?? ''],
          ['removed at', deadlines.removedAt ?? ''],
          ['drained at', deadlines.drainEndsAt ?? ''],
          ['quarantined until', deadlines.quarantineEndsAt ?? ''],
        ]),
        historyTable(report.entries),
      );
    });
}

/** As many as somebody reads who wants to know what happened just now. */
const LIMIT_DEFAULT_COUNT = 50;

/** `rollcall history`: what happened. */
export function historyCommand() {
  return registryCommand('history')
    .summary('show what happened, when, why and by whom')
    .description('Shows what happened to the namespace, to a service, or to one instance of it, newest first.')
    .addArgument(new Argument('[service]', 'only this service: orders, or group@@orders').argParser(serviceName))
    .addArgument(new Argument('[id]', 'only this instance of it'))
    .option('--cause <cause>', 'only changes of this cause, such as expired')
    .option('--since <moment>', 'only what came after: a cursor, a time, or how long ago, such as 10m', moment)
    .option('--until <moment>', 'only what came up to then', moment)
    .option('--limit <count>', `at most so many (default ${LIMIT_DEFAULT_COUNT})`, count)
    .option('--after <position>', 'go on after this, the `next` of the answer before')
    .action(async (service, id, { cause, since, until, limit = LIMIT_DEFAULT_COUNT, after, ...options }) => {
      const { registry, print } = connect(options);
      // `as`: the registry refuses a cause that it does not know, and names those it does.
      const filter = { ...service, instance: id, cause: cause as Cause | undefined, since, until };
      const page = await registry.readHistory({ ...filter, limit, after });
      print.answer(page, historyTable(page.entries));
      if (page.next !== undefined) print.note(`There is more: --after ${page.next}`);
      else if (page.compacted) print.note('What was before is no longer kept.');
    });
}

/** An instance at one end of a comparison. */
function endCell(instance: ServiceDiff['instances'][number]['before']): Cell {
  return instance === null ? 'not there' : stateCell(instance);
}

/** `rollcall diff`: what is different. */
export function diffCommand() {
  return registryCommand('diff')
    .summary('show what is different of a service since a moment')
    .description('Compares a service with itself at another moment: a cursor, a time, or how long ago, such as 10m.')
    .addArgument(serviceArgument())
    .requiredOption('--from <moment>', 'the first moment', moment)
    .option('--to <moment>', 'the second (default now)', moment)
    .action(async (service, { from, to, ...options }) => {
      const { registry, print } = connect(options);
      let until = to;
      const { first, items: instances } = await allPages(
        async (after) => {
          const page = await registry.diffService({ ...service, from, to: until, after });
          // The further pages compare the moments of the first.
          until = page.to.cursor;
          return page;
        },
        (page) => page.instances,
      );
      const { next: _next, ...diff } = { ...first, instances };
      const rows = instances.map(({ id, before, after }): Cell[] => {
        const known = after ?? before;
        return [id, known === null ? '' : addressText(known), endCell(before), endCell(after)];
      });
      const own = diff.service === undefined ? [] : ['what the service has of its own is different'];
      print.answer(diff, ...own, { titles: ['ID', 'ADDRESS', 'BEFORE', 'AFTER'], rows });
    });
}

/** `rollcall rollback`: puts back what operators said. */
export function rollbackCommand() {
  return registryCommand('rollback')
    .summary('put back what operators said of a service and its instances')
    .description(
      'Puts overrides, and metadata, protect threshold and selector of the service, back to what they were. It touches ' +
        'nothing that instances say, and brings none back.',
    )
    .addArgument(serviceArgument())
    .requiredOption('--to <moment>', 'a cursor, a time, or how long ago, such as 10m', moment)
    .action(async (service, { to, ...options }) => {
      const { registry, print } = connect(options);
      const report = await registry.rollBackService({ ...service, body: { to } });
      const name = serviceText(service);
      print.answer(
        report,
        report.revision === null ? `${name} is as it was at ${report.to.at}` : `${name} is put back to ${report.to.at}`,
        fieldTable([
          ['service', report.service],
          ['restored', report.restored.join(' ')],
          ['removed', report.removed.join(' ')],
          ['gone', report.gone.join(' ')],
        ]),
      );
    });
}

function outcomeCell({ outcome, code }: AuditEntry): Cell {
  if (outcome === 'refused') return { text: `refused: ${code ?? 'unknown'}`, tone: 'bad' };
  return { text: outcome, tone: outcome === 'done' ? 'good' : 'warning' };
}

/** `rollcall audit`: who did what. */
export function auditCommand() {
  return registryCommand('audit')
    .summary('show who did what, when, and from where')
    .description(
      'Shows what people did to the registry, newest first: of all namespaces that the token may see, or with ' +
        '--namespace of one.',
    )
    .option('--limit <count>', 'at most so many (default 50)', count)
    .option('--after <position>', 'go on after this, the `next` of the answer before')
    .action(async ({ limit = LIMIT_DEFAULT_COUNT, after, ...options }) => {
      const { registry, print } = connect(options);
      const trail = await registry.readAudit({ ns: options.namespace, limit, after });
      const rows = trail.entries.map((entry): Cell[] => [
        entry.at,
        entry.action,
        entry.ns ?? '',
        entry.target ?? '',
        outcomeCell(entry),
        entry.actor,
        entry.address ?? '',
        entry.detail ?? '',
      ]);
      print.answer(trail, { titles: ['AT', 'ACTION', 'NAMESPACE', 'TARGET', 'OUTCOME', 'BY', 'FROM', 'DETAIL'], rows });
    });
}

const BAD: ReadonlySet<string> = new Set(['expired', 'unhealthy', 'quarantined']);

/** What happened, a line for each change. */
function historyTable(entries: readonly HistoryEntry[]): Table {
  const rows = entries.flatMap(({ at, actor, revision, changes, omitted = 0 }) => [
    ...changes.map((change): Cell[] => {
      const { kind, cause } = change;
      const name = kind === 'service' ? serviceText(change) : `${serviceText(change)}/${change.id}`;
      return [at, { text: cause, tone: BAD.has(cause) ? 'bad' : undefined }, kind, name, actor, revision];
    }),
    ...(omitted > 0 ? [[at, '', '', `and ${omitted} more`, actor, revision]] : []),
  ]);
  return { titles: ['AT', 'CAUSE', 'OF', 'NAME', 'BY', 'REVISION'], rows };
}
