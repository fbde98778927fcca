import type { OverrideBody } from '../../client/admin/requests';
import type { Override } from '../../client/wire/answers';
import { connect } from '../connection/registry';
import { idArgument, type RegistryFlags, registryCommand, serviceArgument } from '../connection/registry-command';
import { type ServiceName, serviceText } from '../options/option-values';
import { entriesText, fieldTable } from '../views/views';
import { changeOverride } from './change-override';

/** A command that changes what operators say about an instance. */
export function overrideCommand(name: string) {
  return registryCommand(name).addArgument(serviceArgument()).addArgument(idArgument());
}

/** How long a quarantine lasts, and why. */
export function quarantineText({ until, reason }: NonNullable<Override['quarantine']>): string {
  const end = until === undefined ? 'until it is lifted' : `until ${until}`;
  return reason === undefined ? end : `${end}: ${reason}`;
}

/** Changes an override, and shows all of it as it is now. */
export async function override(...asked: Parameters<typeof changedOverride>): Promise<void> {
  await changedOverride(...asked);
}

/** The same, and returns the override as it is now; undefined where there is none. */
export async function changedOverride(
  service: ServiceName,
  id: string,
  flags: RegistryFlags,
  alter: (override: OverrideBody) => OverrideBody,
): Promise<Override | undefined> {
  const { registry, print } = connect(flags);
  const now = await changeOverride(registry, { ...service, id }, alter);
  const name = `${serviceText(service)}/${id}`;
  if (now === undefined) {
    print.answer({}, `nothing is overridden of ${name}`);
    return undefined;
  }
  const { enabled, weight, status, metadata = {}, quarantine, actor } = now;
  print.answer(
    now,
    `overridden of ${name}`,
    fieldTable([
      ['quarantined', quarantine === undefined ? '' : { text: quarantineText(quarantine), tone: 'bad' }],
      ['enabled', enabled === undefined ? '' : `${enabled}`],
      ['weight', weight === undefined ? '' : `${weight}`],
      ['status', status],
      ['metadata', entriesText(metadata)],
      ['by', actor],
    ]),
  );
  return now;
}
