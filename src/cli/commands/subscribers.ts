import { allPages } from '../connection/all-pages';
import { connect } from '../connection/registry';
import { registryCommand, serviceArgument } from '../connection/registry-command';
import type { Cell } from '../terminal/table';

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
