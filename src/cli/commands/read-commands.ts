import { Argument } from '@commander-js/extra-typings';
import type { Service } from '../../client/wire/answers';
import { allPages, type Connection, connect, registryCommand, serviceArgument } from '../connection/registry';
import { CliError, EXIT } from '../terminal/failure';
import { count, keysAndValues, moment, serviceName, serviceText } from '../terminal/option-values';
import type { Cell, Table } from '../terminal/table';
import { addressText, entriesText, fieldTable, instanceFields, instanceTable } from '../terminal/views';

/** `rollcall ls`: lists services, or the instances of one. */
export function lsCommand() {
  return registryCommand('ls')
    .summary('list services, or the instances of one')
    .description('Lists services, or the instances of one service, including those that take no traffic.')
    .addArgument(new Argument('[service]', 'the service: orders, or group@@orders').argParser(serviceName))
    .option('--group <group>', 'only services of this group')
    .option('--prefix <text>', 'only services whose names start with this')
    .option('--cluster <name>', 'only instances of this cluster')
    .option('--tag <tag>', 'only instances with this tag')
    .option('--metadata <key=value>', 'only instances with this metadata; may be repeated', keysAndValues)
    .option('--available', 'only instances that take traffic')
    .option('--no-available', 'only instances that take no traffic')
    .option('--as-of <time>', 'past instances: at a cursor, a time, or how long ago, such as 10m', moment)
    .action(async (service, options) => {
      const connection = connect(options);
      if (service === undefined) return listServices(connection, options);
      const { cluster, tag, available, metadata, asOf } = options;
      let at = asOf;
      /** Further pages are read at the cursor of the first. */
      const onAnswer = ({ headers }: Response) => {
        at ??= headers.get('rollcall-cursor') ?? undefined;
      };
      const filter = { ...service, cluster, tag, available, metadata, onAnswer };
      const { first, items: instances } = await allPages(
        (after) => connection.registry.listInstances({ ...filter, at, after }),
        (page) => page.instances,
      );
      const { next: _next, ...list } = first;
      connection.print.answer({ ...list, instances }, instanceTable(instances));
    });
}

async function listServices({ registry, print }: Connection, filter: { group?: string; prefix?: string }) {
  const { group: only, prefix } = filter;
  const { items: services } = await allPages(
    (after) => registry.listServices({ group: only, prefix, after }),
    (list) => list.services,
  );
  const rows = services.map(({ group, name, instances, healthy, available, persistent }): Cell[] => [
    serviceText({ group, service: name }),
    instances,
    healthy,
    available,
    persistent ? 'kept when empty' : '',
  ]);
  print.answer({ services }, { titles: ['SERVICE', 'INSTANCES', 'HEALTHY', 'AVAILABLE', ''], rows });
}

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
      if (found.truncated) print.warn('the list is too long for one response; use --limit to get as many as you need');
      if (found.protected)
        print.warn('too few instances are healthy, so health is ignored: some of these may not respond');
      if (none) {
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
      'Lists the clients that watch a service, or poll it by name, and what they have acknowledged. A drain waits for them.',
    )
    .addArgument(serviceArgument())
    .action(async (service, options) => {
      const { registry, print } = connect(options);
      const { items: subscribers } = await allPages(
        (after) => registry.listSubscribers({ ...service, after }),
        (list) => list.subscribers,
      );
      const rows = subscribers.map((each): Cell[] => [
        each.id,
        each.kind,
        each.address ?? '',
        each.sentRevision,
        each.acknowledgedRevision,
        each.lag,
      ]);
      print.answer({ subscribers }, { titles: ['SUBSCRIBER', 'BY', 'ADDRESS', 'SENT', 'ACKNOWLEDGED', 'LAG'], rows });
    });
}
