import { Argument } from '@commander-js/extra-typings';
import type { WatchStatus } from '../../client/watch/watch';
import type { WatchFrame } from '../../client/wire/frames';
import { connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { WatchedInstances } from '../connection/watched-instances';
import { list } from '../options/option-values';
import { EXIT } from '../terminal/exit-code';
import type { Printer } from '../terminal/printer';
import { eventRow, presentRow } from '../views/watch-views';
import { LiveWatch } from './live-watch';

/** By the custom of shells, what Ctrl-C ended: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/** Prints each frame as it comes: JSON Lines, or a line for each instance and each change of one. */
function printed(print: Printer, instances: WatchedInstances): (frame: WatchFrame) => void {
  return (frame) => {
    const events = instances.take(frame);
    const present = frame.type === 'snapshot' ? instances.list.map(presentRow) : [];
    print.event(frame, [{ rows: [...present, ...events.map(eventRow)] }]);
  };
}

/** Tells that the registry went away, and that it is back: where lines are printed nothing else would show it. */
function toldStatus(print: Printer): (status: WatchStatus) => void {
  let wasAway = false;
  return ({ state }) => {
    if (state === 'disconnected') print.note('not connected: nothing is missed, it goes on when the registry is back');
    else if (wasAway) print.note('connected again');
    wasAway = state === 'disconnected';
  };
}

/** `rollcall watch`: instances as they come, change and go. */
export function watchCommand() {
  return registryCommand('watch')
    .summary('show instances as they come, change and go')
    .description(
      'Shows instances as they come, change and go: a table that is drawn again at a terminal, a line for each change ' +
        'elsewhere, and with --json every frame as a line of JSON. Without a service it is the whole namespace.',
    )
    .addArgument(new Argument('[services...]', 'services: orders, or group@@orders'))
    .option('--group <group>', 'all services of a group; may come many times', list)
    .option('--cursor <cursor>', 'go on after this, as an earlier watch of the same left off')
    .option('--lines', 'print lines at a terminal, too')
    .action(async (services, options) => {
      const { place, print, registry, client: open } = connect(options);
      const { group: groups = [], cursor, timeout, lines } = options;
      // A watch waits for a registry that is away. One that was never there is a url written wrongly.
      await registry.readHealth();
      await using client = open();
      const instances = new WatchedInstances();
      const title = [place.namespace, ...groups, ...services].join(' · ');
      const isLive = print.out.isTTY === true && !print.json && lines !== true;
      const live = isLive ? new LiveWatch(print, title, instances) : undefined;

      const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
      let isOver = false;
      const told = toldStatus(print);
      const onStatus = (status: WatchStatus) => {
        if (live !== undefined) live.status(status);
        else if (!isOver && late?.aborted !== true) told(status);
      };
      const watch = client.watch({ services, groups }, { cursor, signal: late, onStatus });
      const interrupt = () => {
        process.exitCode = INTERRUPTED;
        isOver = true;
        watch.close();
      };
      process.once('SIGINT', interrupt);
      const show = live === undefined ? printed(print, instances) : undefined;
      try {
        for await (const frame of watch) {
          if (show === undefined) live?.changed(instances.take(frame));
          else show(frame);
          // Whoever looks on calls nobody: a drain need not wait for them.
          if (frame.type !== 'reset') watch.acknowledge(frame.cursor);
        }
      } finally {
        process.off('SIGINT', interrupt);
        live?.end();
      }
      if (late?.aborted === true) process.exitCode = EXIT.timedOut;
    });
}
