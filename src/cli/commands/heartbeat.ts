import { connect } from '../connection/registry';
import { idArgument, registryCommand, serviceArgument } from '../connection/registry-command';
import { serviceText } from '../options/option-values';

/** `rollcall heartbeat`: renews a lease, once. */
export function heartbeatCommand() {
  return registryCommand('heartbeat')
    .summary('renew the lease of an instance, once')
    .description('Renews the lease of an instance. Exit code 3 means that it is not there: register it again.')
    .addArgument(serviceArgument())
    .addArgument(idArgument())
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      const renewal = await registry.renewLease({ ...service, id });
      print.answer(renewal, `${serviceText(service)}/${id} is renewed until ${renewal.expiresAt}`);
    });
}
