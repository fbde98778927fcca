import { Argument } from '@commander-js/extra-typings';
import type { Service } from '../../client/wire/answers';
import { allPages, connect, registryCommand, serviceArgument } from '../connection/registry';
import { assertServiceExists } from '../connection/service-check';
import { CliError, EXIT } from '../terminal/failure';
import { count, serviceText } from '../terminal/option-values';
import { durationText } from '../terminal/phrases';
import type { Cell, Table } from '../terminal/table';
import { addressText, blindReaderFields, entriesText, fieldTable, instanceFields } from '../terminal/views';

function serviceFields(service: Service): Table {
  return fieldTable([
    ['service', serviceText({ group: service.group, service: service.name })],
    ['instances', `${service.instances}`],
    ['healthy', `${service.healthy}`],
    ['available', `${service.available}`],
    ['metadata', entriesText(service.metadata)],
    ['protect threshold', service.protectThreshold > 0 ? `${service.protectThreshold}` : ''],
    ['kept when empty', service.persistent ? 'yes' : 'no'],
    ['revision', `${service.revision}`],
  ]);
}

/** `rollcall get`: shows a service or an instance. */
export function getCommand() {
  return registryCommand('get')
    .summary('show a service, or one instance of it')
    .description('Shows all details of a service or of one instance.')
    .addArgument(serviceArgument())
    .addArgument(new Argument('[id]', 'id of the instance'))
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      if (id === undefined) {
        const found = await registry.readService(service);
        return print.answer(found, serviceFields(found));
      }
      const found = await registry.readInstance({ ...service, id });
      print.answer(found, instanceFields(found));
    });
}

/** `rollcall resolve`: lists the instances that take traffic. */
export function resolveCommand() {
  return registryCommand('resolve')
    .summary('show the instances that take traffic')
    .description(
      'Shows the instances that take traffic. With --limit 1 the registry picks one at random by weight. The exit code ' +
        'is 3 if there are none.',
    )
    .addArgument(serviceArgument())
    .option('--limit <count>', 'maximum number of instances', count)
    .option('--near <place>', 'nearest first: auto, zone:<name>, or latitude,longitude')
    .option('--cluster <name>', 'only instances of this cluster')
    .option('--tag <tag>', 'only instances with this tag')
    .option('--address', 'print only addresses, one per line')
    .action(async (service, options) => {
      const { place, registry, print } = connect(options);
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
        const titles = ['ID', 'ADDRESS', 'WEIGHT', 'CLUSTER', 'ZONE', 'METADATA'];
        print.answer(found, { titles, rows, spare: [3, 5, 4, 2] });
      }
      if (found.truncated) print.warn('the list is too long for one response; use --limit to get as many as you need');
      if (found.protected)
        print.warn('too few instances are healthy, so health is ignored: some of these may not respond');
      if (none) {
        await assertServiceExists(registry, service, place.namespace);
        throw new CliError(
          EXIT.notFound,
          `No instance of ${serviceText(service)} takes traffic.`,
          `See its instances: rollcall ls ${serviceText(service)}`,
        );
      }
    });
}

/** `rollcall subscribers`: lists the subscribers of a service. */
export function subscribersCommand() {
  return registryCommand('subscribers')
    .summary('list the subscribers of a service')
    .description(
      'Lists the clients that watch a service, or poll it by name, and what they have acknowledged. A drain waits for them, ' +
        "except for observers, such as rollcall watch. Below are the readers that can't acknowledge.",
    )
    .addArgument(serviceArgument())
    .action(async (service, options) => {
      const { place, registry, print } = connect(options);
      const { first, items: subscribers } = await allPages(
        (after) => registry.listSubscribers({ ...service, after }),
        (list) => list.subscribers,
      );
      if (subscribers.length === 0) await assertServiceExists(registry, service, place.namespace);
      const rows = subscribers.map((each): Cell[] => [
        each.id,
        each.observer ? `${each.kind}, observer` : each.kind,
        each.address ?? '',
        each.sentRevision,
        each.acknowledgedRevision,
        each.lag,
      ]);
      const titles = ['SUBSCRIBER', 'BY', 'ADDRESS', 'SENT', 'ACKNOWLEDGED', 'LAG'];
      // An older registry does not report the readers that can't acknowledge.
      const { blind = {}, unknown, safeAfterMs = 0 } = first;
      const fields = fieldTable([
        ...blindReaderFields({ blind, unknown }),
        ['old responses', safeAfterMs === 0 ? '' : `used for up to ${durationText(safeAfterMs)}`],
      ]);
      print.answer({ subscribers, blind, unknown, safeAfterMs }, { titles, rows, spare: [3, 4, 1] }, fields);
    });
}
