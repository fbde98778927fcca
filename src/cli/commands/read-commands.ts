import { Argument } from '@commander-js/extra-typings';
import type { Service } from '../../client/wire/answers';
import { allPages, type Connection, connect, registryCommand, serviceArgument } from '../connection/registry';
import { CliError, EXIT } from '../terminal/failure';
import { count, keysAndValues, moment, serviceName, serviceText } from '../terminal/option-values';
import type { Cell, Table } from '../terminal/table';
import { addressText, entriesText, fieldTable, instanceFields, instanceTable } from '../terminal/views';

/** `rollcall ls`: services, or the instances of one. */
export function lsCommand() {
  return registryCommand('ls')
    .summary('list services, or the instances of one')
    .description('Lists services; with the name of one its instances, also those that take no traffic.')
    .addArgument(new Argument('[service]', 'the service: orders, or group@@orders').argParser(serviceName))
    .option('--group <group>', 'services of this group')
    .option('--prefix <text>', 'services whose names begin so')
    .option('--cluster <name>', 'instances of this cluster')
    .option('--tag <tag>', 'instances with this tag')
    .option('--metadata <key=value>', 'instances with this metadata; may come many times', keysAndValues)
    .option('--available', 'instances that take traffic')
    .option('--no-available', 'instances that take none')
    .option('--as-of <moment>', 'instances as they were: at a cursor, a time, or so long ago, such as 10m', moment)
    .action(async (service, options) => {
      const connection = connect(options);
      if (service === undefined) return listServices(connection, options);
      const { cluster, tag, available, metadata, asOf } = options;
      let at = asOf;
      /** The further pages show the moment of the first. */
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

/** `rollcall get`: everything about a service or an instance. */
export function getCommand() {
  return registryCommand('get')
    .summary('show a service, or one instance of it')
    .description('Shows everything about a service, or about one instance of it.')
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

/** `rollcall subscribers`: who is told of changes. */
export function subscribersCommand() {
  return registryCommand('subscribers')
    .summary('show who watches a service, and how far they are')
    .description(
      'Shows who watches a service, or polls it by name, and what they have acknowledged: a drain waits for them.',
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
