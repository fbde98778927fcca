import type { DrainReport } from '../../client/wire/registration';
import { connect, idArgument, registryCommand, serviceArgument } from '../connection/registry';
import { CliError, EXIT } from '../terminal/failure';
import { duration, serviceText } from '../terminal/option-values';
import { counted, durationText, relativeText } from '../terminal/phrases';
import { Progress } from '../terminal/progress';
import { blindReaderFields, fieldTable } from '../terminal/views';

const DEFAULT_WAIT_MS = 30_000;

/** Interval of progress updates. */
const TICK_MS = 100;

function reportFields({ acknowledged, subscribers, laggards, safeAfterMs, removedAt, ...readers }: DrainReport) {
  return fieldTable([
    ['acknowledged', `${acknowledged} of ${counted(subscribers, 'subscriber')}`],
    ['late subscribers', laggards.join(' ')],
    ...blindReaderFields(readers),
    ['safe to stop', safeAfterMs === 0 ? 'now' : `in ${durationText(safeAfterMs)}`],
    ['removed', relativeText(removedAt)],
  ]);
}

/** `rollcall drain`: takes an instance out of traffic, and waits for acknowledgements. */
export function drainCommand() {
  return registryCommand('drain')
    .summary('take an instance out of traffic, wait for its callers, then remove it')
    .description(
      'Takes an instance out of traffic, waits until every subscriber of its service has acknowledged that, and removes ' +
        'it. The exit code is 124 if some have not acknowledged in time; they are listed. Until it is removed, --cancel ' +
        'puts it back into traffic.',
    )
    .addArgument(serviceArgument())
    .addArgument(idArgument())
    .option('--wait <duration>', 'how long to wait for subscribers (default 30s)', duration)
    .option('--grace <duration>', 'how long to keep it listed after that (default 0s)', duration)
    .option('--cancel', 'cancel a drain before its removal')
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      if (options.cancel === true) {
        await registry.cancelDrain({ ...service, id });
        print.answer(await registry.readInstance({ ...service, id }), `${serviceText(service)}/${id} is not draining`);
        return;
      }
      const { wait: waitMs = DEFAULT_WAIT_MS, grace: graceMs = 0 } = options;
      const progress = new Progress(print.err);
      const from = performance.now();
      const name = `${serviceText(service)}/${id}`;
      const ticks = setInterval(
        () => progress.update(`draining ${name}`, (performance.now() - from) / waitMs),
        TICK_MS,
      );
      const report = await registry
        .drainInstance({ ...service, id, wait: `${waitMs}ms`, grace: `${graceMs}ms` })
        .finally(() => {
          clearInterval(ticks);
          progress.end();
        });
      print.answer(report, `${name} is out of traffic`, reportFields(report));
      if (report.drained) return;
      const { length } = report.laggards;
      throw new CliError(
        EXIT.timedOut,
        `${length} of ${counted(report.subscribers, 'subscriber')} did not acknowledge within ${durationText(waitMs)}.`,
        `They may still call it. See: rollcall subscribers ${serviceText(service)}`,
      );
    });
}
