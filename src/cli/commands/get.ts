import { Argument } from '@commander-js/extra-typings';
import type { Service } from '../../client/wire/answers';
import { connect } from '../connection/registry';
import { registryCommand, serviceArgument } from '../connection/registry-command';
import { serviceText } from '../options/option-values';
import type { Table } from '../terminal/table';
import { entriesText, fieldTable, instanceFields } from '../views/views';

function serviceFields(service: Service): Table {
  return fieldTable([
    ['service', serviceText({ group: service.group, service: service.name })],
    ['instances', `${service.instances}`],
    ['healthy', `${service.healthy}`],
    ['available', `${service.available}`],
    ['metadata', entriesText(service.metadata)],
    ['protect threshold', service.protectThreshold > 0 ? `${service.protectThreshold}` : ''],
    ['kept when empty', service.persistent ? 'yes' : 'no'],
    ['revision', `${service.revision}`],
  ]);
}

/** `rollcall get`: everything about a service or an instance. */
export function getCommand() {
  return registryCommand('get')
    .summary('show a service, or one instance of it')
    .description('Shows everything about a service, or about one instance of it.')
    .addArgument(serviceArgument())
    .addArgument(new Argument('[id]', 'id of the instance'))
    .action(async (service, id, options) => {
      const { registry, print } = connect(options);
      if (id === undefined) {
        const found = await registry.readService(service);
        return print.answer(found, serviceFields(found));
      }
      const found = await registry.readInstance({ ...service, id });
      print.answer(found, instanceFields(found));
    });
}
