import { Argument } from '@commander-js/extra-typings';
import { allPages, type Connection, connect, registryCommand } from '../connection/registry';
import { assertServiceExists } from '../connection/service-check';
import { CliError, EXIT } from '../terminal/failure';
import { keysAndValues, moment, serviceName, serviceText } from '../terminal/option-values';
import type { Cell } from '../terminal/table';
import { instanceTable } from '../terminal/views';

/** `rollcall ls`: lists services, or the instances of one. */
export function lsCommand() {
  return registryCommand('ls')
    .summary('list services, or the instances of one')
    .description(
      'Lists services, or the instances of one service, including those that take no traffic. The exit code is 3 if the ' +
        'service does not exist.',
    )
    .addArgument(new Argument('[service]', 'the service: orders, or group@@orders').argParser(serviceName))
    .option('--group <group>', 'only services of this group')
    .option('--prefix <text>', 'only services whose names start with this')
    .option('--cluster <name>', 'only instances of this cluster')
    .option('--tag <tag>', 'only instances with this tag')
    .option('--metadata <key=value>', 'only instances with this metadata; may be repeated', keysAndValues)
    .option('--available', 'only instances that take traffic')
    .option('--unavailable', 'only instances that take no traffic')
    .option('--as-of <time>', 'past instances: at a cursor, a time, or how long ago, such as 10m', moment)
    .action(async (service, options) => {
      const connection = connect(options);
      if (service === undefined) return listServices(connection, options);
      const { cluster, tag, metadata, asOf } = options;
      if (options.available === true && options.unavailable === true) {
        throw new CliError(EXIT.usage, 'Use either --available or --unavailable, not both.', 'See: rollcall ls --help');
      }
      const available = options.unavailable === true ? false : options.available;
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
      // A service of the past need not exist today.
      if (instances.length === 0 && asOf === undefined) {
        await assertServiceExists(connection.registry, service, connection.place.namespace);
      }
      connection.print.answer({ ...list, instances }, instanceTable(instances));
    });
}

async function listServices({ place, registry, print }: Connection, filter: { group?: string; prefix?: string }) {
  const { group: only, prefix } = filter;
  const { items: services } = await allPages(
    (after) => registry.listServices({ group: only, prefix, after }),
    (list) => list.services,
  );
  if (services.length === 0 && !print.json) {
    const which = only === undefined && prefix === undefined ? 'no services yet' : 'no such services';
    print.note(`Namespace ${place.namespace} has ${which}.`);
  }
  const rows = services.map(({ group, name, instances, healthy, available, persistent }): Cell[] => [
    serviceText({ group, service: name }),
    instances,
    healthy,
    available,
    persistent ? 'kept when empty' : '',
  ]);
  print.answer({ services }, { titles: ['SERVICE', 'INSTANCES', 'HEALTHY', 'AVAILABLE', ''], rows, spare: [4, 2] });
}
