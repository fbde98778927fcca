import { connect } from '../connection/registry';
import { idArgument, registryCommand, serviceArgument } from '../connection/registry-command';
import { serviceText } from '../options/option-values';

/** `rollcall deregister`: removes an instance at once. */
export function deregisterCommand() {
  return registryCommand('deregister')
    .summary('remove an instance at once')
    .description(
      'Removes an instance at once; `rollcall drain` lets its callers know first. Succeeds also when it was gone already.',
    )
    .addArgument(serviceArgument())
    .addArgument(idArgument())
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      await registry.deregisterInstance({ ...service, id });
      print.answer({ ...service, id, registered: false }, `${serviceText(service)}/${id} is not registered any more`);
    });
}
