import { Argument } from '@commander-js/extra-typings';
import { allPages } from '../connection/all-pages';
import { type Connection, connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { keysAndValues, moment, serviceName, serviceText } from '../options/option-values';
import type { Cell } from '../terminal/table';
import { instanceTable } from '../views/views';

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
