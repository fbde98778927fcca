import { Argument } from '@commander-js/extra-typings';
import { connect, registryCommand } from '../connection/registry';
import { portAnswers, sourceAddress } from '../exec/addresses';
import { Execution, startCommand } from '../exec/execution';
import { CliError, EXIT } from '../terminal/failure';
import { amount, duration, instanceDefinition, port, serviceName, withDescription } from '../terminal/option-values';

const READY_WITHIN_DEFAULT_MS = 60_000;

/** Container runtimes give a process ten seconds between the two signals that end it: the command has half of them. */
const DRAIN_WAIT_DEFAULT_MS = 5_000;

const HOW = `
Example:
  rollcall exec --service orders --port 8080 -- node server.js`;

/** `rollcall exec`: a command, and its place in the registry. */
export function execCommand() {
  const command = registryCommand('exec')
    .summary('run a command, registered for as long as it runs')
    .description(
      'Runs a command. Registers it when its port answers, passes signals on to it, drains before it is told to end ' +
        '(SIGTERM, SIGINT), deregisters when it has ended, and ends with its exit code.',
    )
    .addArgument(new Argument('<command...>', 'the command with its arguments, after --'))
    .requiredOption('--service <name>', 'the service that it is an instance of', serviceName)
    .requiredOption('--port <port>', 'port that it listens on', port)
    .option('--address <address>', 'its address (default: the one that the registry is reached from)')
    .option('--id <id>', 'id of the instance (default: address and port)')
    .option('--ready-within <duration>', 'how long its port may take to answer (default 60s)', duration)
    .option('--drain-wait <duration>', 'how long to wait for callers before it is told to end (default 5s)', duration)
    .option('--weight <number>', 'share of traffic (default 1)', amount);
  return withDescription(command)
    .option('--ttl <duration>', 'gone after so long where this program is killed', duration)
    .addHelpText('after', HOW)
    .action(async ([command = '', ...words], options) => {
      const { place, print, client: open } = connect(options);
      const { service, id, readyWithin = READY_WITHIN_DEFAULT_MS, drainWait = DRAIN_WAIT_DEFAULT_MS } = options;
      const address = options.address ?? (await sourceAddress(place.url));
      if (address === undefined) {
        throw new CliError(
          EXIT.unreachable,
          `There is no way from here to ${place.url}.`,
          'Say its address: --address',
        );
      }
      const hosts = [...new Set(['127.0.0.1', '::1', address])];
      if (await portAnswers(hosts, options.port)) {
        throw new CliError(
          EXIT.failure,
          `Port ${options.port} answers already, before the command was started.`,
          'End what listens there, or choose another port.',
        );
      }
      const over = new AbortController();
      await using client = open(over.signal);
      const execution = new Execution({
        start: () => startCommand(command, words),
        client,
        instance: { ...instanceDefinition({ ...options, address }), ...service, id, port: options.port },
        hosts,
        readyWithinMs: readyWithin,
        drainWaitMs: drainWait,
        atTerminal: process.stdin.isTTY === true,
        say: (line) => print.note(`rollcall: ${line}`),
      });
      process.exitCode = await execution.run();
      // Nobody waits any more for a drain that callers have not acknowledged.
      over.abort();
    });
}
