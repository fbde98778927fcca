import { Argument } from '@commander-js/extra-typings';
import { connect, idArgument, registryCommand, serviceArgument } from '../connection/registry';
import { CliError, EXIT } from '../terminal/failure';
import { amount, duration, instanceDefinition, port, serviceText, withDescription } from '../terminal/option-values';
import { durationText, relativeText } from '../terminal/phrases';

/** `rollcall register`: registers an instance once; `exec` or heartbeats keep it registered. */
export function registerCommand() {
  const command = registryCommand('register')
    .summary('register an instance, once')
    .description(
      'Registers an instance; without an id, the registry derives one from its address. It expires after its time to ' +
        'live: renew it with `rollcall heartbeat`, or let `rollcall exec` do both.',
    )
    .addArgument(serviceArgument())
    .addArgument(new Argument('[id]', 'id of the instance; use the same one after a restart'))
    .option('--address <address>', 'IPv4, IPv6 or host name')
    .option('--port <port>', 'port of the address', port)
    .option('--instance-url <url>', 'absolute url of the instance, instead of address and port')
    .option('--weight <number>', 'share of traffic (default 1; 0 means none)', amount);
  return withDescription(command)
    .option('--ttl <duration>', 'time without a heartbeat until it is removed (default 30s)', duration)
    .option('--persistent', 'no lease: keep it until it is deregistered')
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      const { persistent, instanceUrl, ...instance } = options;
      if (instanceUrl === undefined && (instance.address === undefined || instance.port === undefined)) {
        const advice = 'See: rollcall register --help';
        throw new CliError(EXIT.usage, 'Give --address and --port, or --instance-url.', advice);
      }
      const definition = instanceDefinition({ ...instance, url: instanceUrl });
      const body = { ...definition, ...(persistent === true && { ephemeral: false }) };
      const registered =
        id === undefined
          ? await registry.registerInstanceByAddress({ ...service, body })
          : await registry.registerInstance({ ...service, id, body });
      const { lease } = registered;
      const until = lease === null ? 'until it is deregistered' : `for ${durationText(lease.ttlMs)}`;
      const beat = lease === null ? '' : `; renew it every ${durationText(lease.intervalMs)}`;
      print.answer(registered, `${serviceText(service)}/${registered.id} is registered ${until}${beat}`);
      for (const { message } of registered.warnings) print.warn(message);
    });
}

/** `rollcall heartbeat`: renews a lease, once. */
export function heartbeatCommand() {
  return registryCommand('heartbeat')
    .summary('renew the lease of an instance, once')
    .description(
      'Renews the lease of an instance. If the exit code is 3, the instance does not exist: register it again.',
    )
    .addArgument(serviceArgument())
    .addArgument(idArgument())
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      const renewal = await registry.renewLease({ ...service, id });
      print.answer(
        renewal,
        `${serviceText(service)}/${id} is renewed; its lease ends ${relativeText(renewal.expiresAt)}`,
      );
    });
}

/** `rollcall deregister`: removes an instance at once. */
export function deregisterCommand() {
  return registryCommand('deregister')
    .summary('remove an instance at once')
    .description(
      'Removes an instance at once; `rollcall drain` waits for its callers first. Also succeeds if it is already gone.',
    )
    .addArgument(serviceArgument())
    .addArgument(idArgument())
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      await registry.deregisterInstance({ ...service, id });
      print.answer({ ...service, id, registered: false }, `${serviceText(service)}/${id} is deregistered`);
    });
}
