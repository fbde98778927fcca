import type { ServiceDiff } from '../../client/wire/history-answers';
import { allPages } from '../connection/all-pages';
import { connect } from '../connection/registry';
import { registryCommand, serviceArgument } from '../connection/registry-command';
import { moment } from '../options/option-values';
import type { Cell } from '../terminal/table';
import { addressText, stateCell } from '../views/views';

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
