import { Argument } from '@commander-js/extra-typings';
import type { Admin } from '../../client/admin';
import type { OverrideBody } from '../../client/admin/requests';
import type { Override } from '../../client/wire/answers';
import { RollcallError } from '../../client/wire/rollcall-error';
import { connect, idArgument, type RegistryFlags, registryCommand, serviceArgument } from '../connection/registry';
import { CliError, EXIT } from '../terminal/failure';
import { amount, duration, keysAndValues, list, type ServiceName, serviceText } from '../terminal/option-values';
import { entriesText, fieldTable } from '../terminal/views';

/** `rollcall quarantine`: no traffic, whatever the instance beats or registers. */
export function quarantineCommand() {
  return overrideCommand('quarantine')
    .summary('keep an instance out of traffic, whatever it says')
    .description('Keeps an instance out of traffic, whatever it beats or registers, until that is lifted.')
    .option('--for <duration>', 'lifted by itself after so long, such as 10m', duration)
    .option('--reason <text>', 'why, for those who find it')
    .option('--lift', 'end the quarantine')
    .action((service, id, { for: forMs, reason, lift, ...flags }) =>
      override(service, id, flags, (before) => {
        if (lift === true) return { ...before, quarantine: undefined };
        const until = forMs === undefined ? undefined : new Date(Date.now() + forMs).toISOString();
        return { ...before, quarantine: { until, reason } };
      }),
    );
}

/** `rollcall enable`: takes a `disable` back. */
export function enableCommand() {
  return overrideCommand('enable')
    .summary('let an instance take traffic again')
    .description(
      'Takes a `rollcall disable` back. What else operators say about the instance stays: while it is quarantined, it ' +
        'takes no traffic, and the exit code is 5.',
    )
    .action(async (service, id, flags) => {
      const now = await changedOverride(service, id, flags, (before) => ({ ...before, enabled: undefined }));
      if (now?.quarantine === undefined) return;
      const name = serviceText(service);
      throw new CliError(
        EXIT.conflict,
        `${name}/${id} still takes no traffic: it is quarantined ${quarantineText(now.quarantine)}.`,
        `Lift it with: rollcall quarantine ${name} ${id} --lift`,
      );
    });
}

/** `rollcall disable`: out of traffic until `enable`. */
export function disableCommand() {
  return overrideCommand('disable')
    .summary('take an instance out of traffic until it is enabled')
    .description('Takes an instance out of traffic at once; `rollcall drain` waits until its callers know.')
    .action((service, id, flags) => override(service, id, flags, (before) => ({ ...before, enabled: false })));
}

/** `rollcall weight`: share of traffic, whatever the instance says. */
export function weightCommand() {
  return overrideCommand('weight')
    .summary('set the share of traffic that an instance takes')
    .description('Sets the share of traffic that an instance takes, whatever it says itself; 0 means none.')
    .addArgument(new Argument('[weight]', 'the share, such as 1 or 0.5').argParser(amount))
    .option('--reset', 'let the weight count that the instance gives itself')
    .action((service, id, weight, { reset, ...flags }) => {
      if ((weight === undefined) !== (reset === true)) {
        throw new CliError(EXIT.usage, 'Give a weight or --reset, and not both.', 'See: rollcall weight --help');
      }
      return override(service, id, flags, (before) => ({ ...before, weight }));
    });
}

/** `rollcall meta`: metadata of an instance, merged over what the instance says. */
export function metaCommand() {
  return overrideCommand('meta')
    .summary('set metadata of an instance over what it says')
    .description('Sets metadata of an instance, merged over what it says itself and kept when it registers again.')
    .addArgument(new Argument('[key=value...]', 'entries to set').argParser(keysAndValues))
    .option('--unset <key>', 'take an entry back that operators set; may come many times', list)
    .action((service, id, entries = {}, { unset = [], ...flags }) => {
      if (Object.keys(entries).length === 0 && unset.length === 0) {
        throw new CliError(EXIT.usage, 'Give entries as key=value, or --unset <key>.', 'See: rollcall meta --help');
      }
      return override(service, id, flags, (before) => {
        const kept = Object.entries({ ...before.metadata, ...entries }).filter(([key]) => !unset.includes(key));
        return { ...before, metadata: kept.length > 0 ? Object.fromEntries(kept) : undefined };
      });
    });
}

/** Begins a command that changes the override of an instance. */
function overrideCommand(name: string) {
  return registryCommand(name).addArgument(serviceArgument()).addArgument(idArgument());
}

/** How long a quarantine lasts, and why. */
function quarantineText({ until, reason }: NonNullable<Override['quarantine']>): string {
  const end = until === undefined ? 'until it is lifted' : `until ${until}`;
  return reason === undefined ? end : `${end}: ${reason}`;
}

/** Changes an override, and shows all of it as it is now. */
async function override(...asked: Parameters<typeof changedOverride>): Promise<void> {
  await changedOverride(...asked);
}

/** Changes an override like {@link override}, and returns it as it is now; undefined where there is none. */
async function changedOverride(
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

/** Others change an override, too; more than so many times between a read and a write is no accident. */
const ATTEMPTS_COUNT = 5;

/** An instance by its names. */
interface InstanceName extends ServiceName {
  id: string;
}

const isRefusal = (error: unknown, code: string): boolean => error instanceof RollcallError && error.code === code;

/** The members that an operator may set, without who set them and when. */
function settingsOf({ enabled, weight, status, metadata, quarantine }: Override): OverrideBody {
  return { enabled, weight, status, metadata, quarantine };
}

const isEmpty = (override: OverrideBody): boolean => Object.values(override).every((value) => value === undefined);

/** The override with its position in history; undefined where there is none. */
async function read(registry: Admin, name: InstanceName): Promise<{ body: OverrideBody; cursor: string } | undefined> {
  let cursor = '';
  const onAnswer = ({ headers }: Response) => {
    cursor = headers.get('rollcall-cursor') ?? '';
  };
  try {
    return { body: settingsOf(await registry.readOverride({ ...name, onAnswer })), cursor };
  } catch (error) {
    if (isRefusal(error, 'INSTANCE_NOT_FOUND')) return undefined;
    throw error;
  }
}

/**
 * Changes one thing of what operators say about an instance, and leaves the others as they are: an override is written
 * as a whole, so it is read first, and written only if no other write came between.
 *
 * @param alter The override as it shall be; empty where nothing is to be said any more.
 * @returns The override as it is now; undefined where there is none.
 * @throws {RollcallError} `INSTANCE_NOT_FOUND`; `REVISION_MISMATCH` where others kept changing it.
 */
async function changeOverride(
  registry: Admin,
  name: InstanceName,
  alter: (override: OverrideBody) => OverrideBody,
): Promise<Override | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await read(registry, name);
    const body = alter(before?.body ?? {});
    try {
      if (!isEmpty(body)) {
        const condition = before === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: before.cursor };
        return await registry.putOverride({ ...name, ...condition, body });
      }
      // That there is nothing to take back says nothing of whether there is such an instance.
      if (before === undefined) await registry.readInstance(name);
      else await registry.clearOverride({ ...name, ifMatch: before.cursor });
      return undefined;
    } catch (error) {
      if (!isRefusal(error, 'REVISION_MISMATCH') || attempt >= ATTEMPTS_COUNT) throw error;
    }
  }
}
