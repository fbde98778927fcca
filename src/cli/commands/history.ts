import { Argument } from '@commander-js/extra-typings';
import type { Cause } from '../../client/wire/history-answers';
import { connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { count, moment, serviceName } from '../options/option-values';
import { historyTable } from '../views/history-views';

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
