import { connect } from '../connection/registry';
import { registryCommand, serviceArgument } from '../connection/registry-command';
import { moment, serviceText } from '../options/option-values';
import { fieldTable } from '../views/views';

/** `rollcall rollback`: puts back what operators said. */
export function rollbackCommand() {
  return registryCommand('rollback')
    .summary('put back what operators said of a service and its instances')
    .description(
      'Puts overrides, and metadata, protect threshold and selector of the service, back to what they were. It touches ' +
        'nothing that instances say, and brings none back.',
    )
    .addArgument(serviceArgument())
    .requiredOption('--to <moment>', 'a cursor, a time, or how long ago, such as 10m', moment)
    .action(async (service, { to, ...options }) => {
      const { registry, print } = connect(options);
      const report = await registry.rollBackService({ ...service, body: { to } });
      const name = serviceText(service);
      print.answer(
        report,
        report.revision === null ? `${name} is as it was at ${report.to.at}` : `${name} is put back to ${report.to.at}`,
        fieldTable([
          ['service', report.service],
          ['restored', report.restored.join(' ')],
          ['removed', report.removed.join(' ')],
          ['gone', report.gone.join(' ')],
        ]),
      );
    });
}
