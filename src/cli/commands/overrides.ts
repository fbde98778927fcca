import { Argument } from '@commander-js/extra-typings';
import type { Admin } from '../../client/admin';
import type { OverrideBody } from '../../client/admin/requests';
import type { Override } from '../../client/wire/answers';
import { RollcallError } from '../../client/wire/rollcall-error';
import { connect, idArgument, type RegistryFlags, registryCommand, serviceArgument } from '../connection/registry';
import { CliError, EXIT } from '../terminal/failure';
import { amount, duration, keysAndValues, list, type ServiceName, serviceText } from '../terminal/option-values';
import { spanText } from '../terminal/phrases';
import { entriesText, fieldTable } from '../terminal/views';

/** `rollcall quarantine`: keeps an instance out of traffic. */
export function quarantineCommand() {
  return overrideCommand('quarantine')
    .summary('keep an instance out of traffic, whatever it reports')
    .description(
      'Keeps an instance out of traffic until the quarantine is lifted, even if it sends heartbeats or registers again.',
    )
    .option('--for <duration>', 'lift it automatically after this time, such as 10m', duration)
    .option('--reason <text>', 'reason to show to others')
    .option('--lift', 'lift the quarantine')
    .action((service, id, { for: forMs, reason, lift, ...flags }) =>
      override(service, id, flags, (before) => {
        if (lift === true) return { ...before, quarantine: undefined };
        const until = forMs === undefined ? undefined : new Date(Date.now() + forMs).toISOString();
        return { ...before, quarantine: { until, reason } };
      }),
    );
}

/** `rollcall enable`: reverts `disable`. */
export function enableCommand() {
  return overrideCommand('enable')
    .summary('let an instance take traffic again')
    .description(
      'Reverts `rollcall disable`. Other overrides stay: while the instance is quarantined it takes no traffic, and the ' +
        'exit code is 5.',
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

/** `rollcall disable`: takes an instance out of traffic until `enable`. */
export function disableCommand() {
  return overrideCommand('disable')
    .summary('take an instance out of traffic until it is enabled')
    .description('Takes an instance out of traffic at once; `rollcall drain` also waits for its callers.')
    .action((service, id, flags) => override(service, id, flags, (before) => ({ ...before, enabled: false })));
}

/** `rollcall weight`: overrides the weight of an instance. */
export function weightCommand() {
  return overrideCommand('weight')
    .summary('set the share of traffic that an instance takes')
    .description('Overrides the share of traffic that an instance takes; 0 means none.')
    .addArgument(new Argument('[weight]', 'weight, such as 1 or 0.5').argParser(amount))
    .option('--reset', 'use the weight that the instance registered')
    .action((service, id, weight, { reset, ...flags }) => {
      if ((weight === undefined) !== (reset === true)) {
        throw new CliError(EXIT.usage, 'Give either a weight or --reset, not both.', 'See: rollcall weight --help');
      }
      return override(service, id, flags, (before) => ({ ...before, weight }));
    });
}

/** `rollcall meta`: overrides metadata of an instance. */
export function metaCommand() {
  return overrideCommand('meta')
    .summary('override metadata of an instance')
    .description('Overrides metadata of an instance: merged over its own, and kept when it registers again.')
    .addArgument(new Argument('[key=value...]', 'entries to set').argParser(keysAndValues))
    .option('--unset <key>', 'remove an overridden entry; may be repeated', list)
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

/** Creates a command that changes the override of an instance. */
function overrideCommand(name: string) {
  return registryCommand(name).addArgument(serviceArgument()).addArgument(idArgument());
}

/** Describes the end of a quarantine, and its reason. */
function quarantineText({ until, reason }: NonNullable<Override['quarantine']>): string {
  const end = until === undefined ? 'until it is lifted' : `for another ${spanText(Date.parse(until) - Date.now())}`;
  return reason === undefined ? end : `${end}: ${reason}`;
}

/** Changes an override, and shows the result. */
async function override(...args: Parameters<typeof changedOverride>): Promise<void> {
  await changedOverride(...args);
}

/** Changes an override like {@link override}, and returns the result; undefined if there is none. */
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
    print.answer({}, `${name} has no override`);
    return undefined;
  }
  const { enabled, weight, status, metadata = {}, quarantine, actor } = now;
  print.answer(
    now,
    `override of ${name}`,
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

/** Attempts to write while others change the override, too. */
const ATTEMPTS_COUNT = 5;

/** Names of an instance. */
interface InstanceName extends ServiceName {
  id: string;
}

const isRefusal = (error: unknown, code: string): boolean => error instanceof RollcallError && error.code === code;

/** Returns the members that an operator can set, without author and time. */
function settingsOf({ enabled, weight, status, metadata, quarantine }: Override): OverrideBody {
  return { enabled, weight, status, metadata, quarantine };
}

const isEmpty = (override: OverrideBody): boolean => Object.values(override).every((value) => value === undefined);

/** Reads the override with its cursor; undefined if there is none. */
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
 * Changes a part of an instance's override and keeps the rest: an override is written as a whole, so it is read first,
 * and written only if it has not changed meanwhile.
 *
 * @param alter Returns the new override; empty to clear it.
 * @returns The resulting override; undefined if there is none.
 * @throws {RollcallError} `INSTANCE_NOT_FOUND`; `REVISION_MISMATCH` if others keep changing it.
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
      // With nothing to clear, it is still an error if the instance does not exist.
      if (before === undefined) await registry.readInstance(name);
      else await registry.clearOverride({ ...name, ifMatch: before.cursor });
      return undefined;
    } catch (error) {
      if (!isRefusal(error, 'REVISION_MISMATCH') || attempt >= ATTEMPTS_COUNT) throw error;
    }
  }
}
