import { connect } from '../connection/registry';
import { registryCommand, serviceArgument } from '../connection/registry-command';
import { count, serviceText } from '../options/option-values';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import type { Cell } from '../terminal/table';
import { addressText, entriesText } from '../views/views';

/** `rollcall resolve`: who can take a request now. */
export function resolveCommand() {
  return registryCommand('resolve')
    .summary('show who can take a request now')
    .description(
      'Shows the instances that take traffic now. With --limit 1 the registry chooses one, at random by weight. Where ' +
        'there is none the exit code is 3.',
    )
    .addArgument(serviceArgument())
    .option('--limit <count>', 'at most so many', count)
    .option('--near <place>', 'the nearest first: auto, zone:<name>, or latitude,longitude')
    .option('--cluster <name>', 'of this cluster')
    .option('--tag <tag>', 'with this tag')
    .option('--address', 'print nothing but addresses, one a line')
    .action(async (service, options) => {
      const { registry, print } = connect(options);
      const { limit, near, cluster, tag, address } = options;
      const found = await registry.resolveService({ ...service, limit, near, cluster, tag });
      const none = found.instances.length === 0;
      const rows = found.instances.map((each): Cell[] => [
        each.id,
        addressText(each),
        each.weight,
        each.cluster,
        each.zone ?? '',
        { text: entriesText(each.metadata), tone: 'faint' },
      ]);
      if (address === true) print.answer(found, { rows: found.instances.map((each): Cell[] => [addressText(each)]) });
      else if (!none || print.json) {
        print.answer(found, { titles: ['ID', 'ADDRESS', 'WEIGHT', 'CLUSTER', 'ZONE', 'METADATA'], rows });
      }
      if (found.truncated)
        print.warn('there are more than one answer carries; ask with --limit for as many as you need');
      if (found.protected) print.warn('too few are healthy, so health was not asked for: some of these may not answer');
      if (none) {
        throw new CliError(
          EXIT.notFound,
          `No instance of ${serviceText(service)} takes traffic.`,
          `See who is there, and why not: rollcall ls ${serviceText(service)}`,
        );
      }
    });
}
