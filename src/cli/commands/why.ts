import { connect } from '../connection/registry';
import { idArgument, registryCommand, serviceArgument } from '../connection/registry-command';
import { count } from '../options/option-values';
import { historyTable } from '../views/history-views';
import { durationText, fieldTable } from '../views/views';

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
