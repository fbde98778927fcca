import { Argument } from '@commander-js/extra-typings';
import { connect } from '../connection/registry';
import { registryCommand, serviceArgument } from '../connection/registry-command';
import { instanceDefinition, withDescription } from '../options/instance-options';
import { amount, duration, port, serviceText } from '../options/option-values';
import { durationText } from '../views/views';

/** `rollcall register`: registers once. Whoever wants it kept takes `exec`, or beats. */
export function registerCommand() {
  const command = registryCommand('register')
    .summary('register an instance, once')
    .description(
      'Registers an instance; without an id the registry makes one from its address. It stays for its time to live: beat ' +
        'with `rollcall heartbeat` until then, or let `rollcall exec` do both.',
    )
    .addArgument(serviceArgument())
    .addArgument(new Argument('[id]', 'id of the instance; the same after a restart'))
    .option('--address <address>', 'IPv4, IPv6 or host name')
    .option('--port <port>', 'port of the address', port)
    .option('--at <url>', 'absolute url instead, for what has no port')
    .option('--weight <number>', 'share of traffic (default 1; 0 means none)', amount);
  return withDescription(command)
    .option('--ttl <duration>', 'unhealthy and gone after so long without a beat (default 30s)', duration)
    .option('--persistent', 'no lease: it stays until it is deregistered')
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      const { persistent, at, ...instance } = options;
      const definition = instanceDefinition({ ...instance, url: at });
      const body = { ...definition, ...(persistent === true && { ephemeral: false }) };
      const registered =
        id === undefined
          ? await registry.registerInstanceByAddress({ ...service, body })
          : await registry.registerInstance({ ...service, id, body });
      const { lease } = registered;
      const until = lease === null ? 'until it is deregistered' : `for ${durationText(lease.ttlMs)}`;
      const beat = lease === null ? '' : `; beat every ${durationText(lease.intervalMs)}`;
      print.answer(registered, `${serviceText(service)}/${registered.id} is registered ${until}${beat}`);
      for (const { message } of registered.warnings) print.warn(message);
    });
}
