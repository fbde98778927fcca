import type { OverrideBody } from '../../client/requests';
import { changeOverride } from '../change-override';
import { type ServiceName, serviceText } from '../option-values';
import { connect } from '../registry';
import { idArgument, type RegistryFlags, registryCommand, serviceArgument } from '../registry-command';
import { entriesText, fieldTable } from '../views';

/** A command that changes what operators say about an instance. */
export function overrideCommand(name: string) {
  return registryCommand(name).addArgument(serviceArgument()).addArgument(idArgument());
}

/** Changes it, and shows all that operators say about the instance now. */
export async function override(
  service: ServiceName,
  id: string,
  flags: RegistryFlags,
  alter: (override: OverrideBody) => OverrideBody,
): Promise<void> {
  const { registry, print } = connect(flags);
  const now = await changeOverride(registry, { ...service, id }, alter);
  const name = `${serviceText(service)}/${id}`;
  if (now === undefined) return print.answer({}, `nothing is overridden of ${name}`);
  const { enabled, weight, status, metadata = {}, quarantine, actor } = now;
  const until = quarantine?.until === undefined ? 'until it is lifted' : `until ${quarantine.until}`;
  const reason = quarantine?.reason === undefined ? '' : `: ${quarantine.reason}`;
  print.answer(
    now,
    `overridden of ${name}`,
    fieldTable([
      ['quarantined', quarantine === undefined ? '' : { text: `${until}${reason}`, tone: 'bad' }],
      ['enabled', enabled === undefined ? '' : `${enabled}`],
      ['weight', weight === undefined ? '' : `${weight}`],
      ['status', status],
      ['metadata', entriesText(metadata)],
      ['by', actor],
    ]),
  );
}
