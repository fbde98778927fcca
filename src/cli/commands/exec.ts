import { Argument } from '@commander-js/extra-typings';
import { connect, registryCommand } from '../connection/registry';
import { portAnswers, sourceAddress } from '../exec/addresses';
import { Execution, startCommand } from '../exec/execution';
import { CliError, EXIT } from '../terminal/failure';
import { amount, duration, instanceDefinition, port, serviceName, withDescription } from '../terminal/option-values';

const READY_WITHIN_DEFAULT_MS = 60_000;

/** Half of the ten seconds that container runtimes allow between SIGTERM and SIGKILL; the rest is for the command. */
const DRAIN_WAIT_DEFAULT_MS = 5_000;

const HOW = `
Example:
  rollcall exec --service orders --port 8080 -- node server.js`;

/** `rollcall exec`: runs a command and keeps it registered. */
export function execCommand() {
  const command = registryCommand('exec')
    .summary('run a command, and keep it registered while it runs')
    .description(
      'Runs a command and registers it once its port accepts connections. On SIGTERM or SIGINT it drains the instance ' +
        'first, then passes the signal on. When the command ends, it deregisters the instance and exits with the same exit code.',
    )
    .addArgument(new Argument('<command...>', 'the command with its arguments, after --'))
    .requiredOption('--service <name>', 'service of the instance', serviceName)
    .requiredOption('--port <port>', 'port that the command listens on', port)
    .option('--address <address>', 'its address (default: the local address of the connection to the registry)')
    .option('--id <id>', 'id of the instance (default: address and port)')
    .option('--ready-within <duration>', 'how long to wait for its port to open (default 60s)', duration)
    .option('--drain-wait <duration>', 'how long to wait for callers before it is stopped (default 5s)', duration)
    .option('--weight <number>', 'share of traffic (default 1)', amount);
  return withDescription(command)
    .option('--ttl <duration>', 'time until removal if this program is killed', duration)
    .addHelpText('after', HOW)
    .action(async ([command = '', ...words], options) => {
      const { place, print, client: open } = connect(options);
      const { service, id, readyWithin = READY_WITHIN_DEFAULT_MS, drainWait = DRAIN_WAIT_DEFAULT_MS } = options;
      const address = options.address ?? (await sourceAddress(place.url));
      if (address === undefined) {
        throw new CliError(EXIT.unreachable, `There is no route to ${place.url}.`, 'Set the address with --address.');
      }
      const hosts = [...new Set(['127.0.0.1', '::1', address])];
      if (await portAnswers(hosts, options.port)) {
        throw new CliError(
          EXIT.failure,
          `Port ${options.port} is already in use, before the command was started.`,
          'Stop the process that listens there, or choose another port.',
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
        report: (line) => print.note(`rollcall: ${line}`),
      });
      process.exitCode = await execution.run();
      // Stop waiting for a drain that callers have not acknowledged.
      over.abort();
    });
}
