import { Argument, Command, Option } from '@commander-js/extra-typings';
import type { Namespace, NamespaceIntervals, NamespaceLimits, Placement } from '../../client/wire/namespace-answers';
import { allPages, connect, registryCommand } from '../connection/registry';
import { confirm } from '../terminal/confirm';
import { CliError, EXIT } from '../terminal/failure';
import { count, duration, list } from '../terminal/option-values';
import { durationText, relativeText } from '../terminal/phrases';
import type { Cell } from '../terminal/table';
import { entriesText, fieldTable } from '../terminal/views';

const HINTS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;
const JURISDICTIONS = ['eu', 'fedramp'] as const;

const selfPreservationOption = () =>
  new Option(
    '--self-preservation <on|off>',
    'keep instances of Eureka clients while too few of them renew, as Eureka does',
  ).choices(['on', 'off'] as const);

type LayoutRule = NonNullable<Namespace['layouts']>[number];

/** Values of the options that set limits. */
type LimitOptions = Partial<
  Record<
    | 'maxInstances'
    | 'maxServices'
    | 'maxBytes'
    | 'maxEntries'
    | 'maxEntryBytes'
    | 'maxLeases'
    | 'maxInstancesPerToken'
    | 'maxServicesPerToken'
    | 'maxBytesPerToken'
    | 'maxEntriesPerToken'
    | 'maxEntryBytesPerToken'
    | 'maxLeasesPerToken',
    number
  >
>;

const SHARES = `
By default, a token without the scope operate can hold three quarters of the
namespace's instances, services, record bytes, entries and granted leases, or
half if its grants name services or keys. If one token registers a whole fleet,
raise the limits per token, up to those of the namespace
(--max-instances-per-token 100000).`;

/** Returns limits with the values of the options; undefined if no option is given. */
function limitsWith(before: NamespaceLimits, options: LimitOptions): NamespaceLimits | undefined {
  const own = given({
    instances: options.maxInstances,
    services: options.maxServices,
    bytes: options.maxBytes,
    entries: options.maxEntries,
    entryBytes: options.maxEntryBytes,
    grantedLeases: options.maxLeases,
  });
  const ofToken = given({
    instances: options.maxInstancesPerToken,
    services: options.maxServicesPerToken,
    bytes: options.maxBytesPerToken,
    entries: options.maxEntriesPerToken,
    entryBytes: options.maxEntryBytesPerToken,
    grantedLeases: options.maxLeasesPerToken,
  });
  if (Object.keys({ ...own, ...ofToken }).length === 0) return undefined;
  const perToken = { ...before.perToken, ...ofToken };
  return { ...before, ...own, ...(Object.keys(perToken).length > 0 && { perToken }) };
}

const given = (members: Record<string, number | undefined>): Record<string, number> =>
  Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** Returns the intervals of the options; undefined if no option is given. */
function intervalsOf(options: {
  nacosPoll?: number | undefined;
  nacosBeat?: number | undefined;
  sessionPing?: number | undefined;
}): NamespaceIntervals | undefined {
  const { nacosPoll: nacosPollMs, nacosBeat: nacosBeatMs, sessionPing: sessionPingMs } = options;
  const intervals = given({ nacosPollMs, nacosBeatMs, sessionPingMs });
  return Object.keys(intervals).length === 0 ? undefined : intervals;
}

/** Shows intervals under the names of their options. */
function intervalsText({ nacosPollMs, nacosBeatMs, sessionPingMs }: NamespaceIntervals = {}): string {
  const intervals = given({ 'nacos-poll': nacosPollMs, 'nacos-beat': nacosBeatMs, 'session-ping': sessionPingMs });
  return entriesText(Object.fromEntries(Object.entries(intervals).map(([name, ms]) => [name, durationText(ms)])));
}

/** Returns the layouts of the options, which replace all before; undefined if no option is given. */
function layoutsOf({
  layout,
  shownLayout,
}: {
  layout?: string[] | boolean | undefined;
  shownLayout?: string[] | undefined;
}) {
  if (layout === false) {
    if (shownLayout === undefined) return [];
    throw new CliError(
      EXIT.usage,
      'Use either --no-layout or --shown-layout, not both.',
      'See: rollcall ns set --help',
    );
  }
  const read = Array.isArray(layout) ? layout.map((text) => layoutRule(text)) : [];
  const shown = (shownLayout ?? []).map((text) => ({ ...layoutRule(text), show: true }));
  return read.length + shown.length === 0 ? undefined : [...read, ...shown];
}

/** Parses a layout, such as `go-zero=services/`. */
function layoutRule(text: string): LayoutRule {
  const [, kind, prefix] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (kind !== undefined && prefix !== undefined) return { kind, prefix };
  const message = `A layout is a kind and a prefix of keys, such as go-zero=services/; got ${JSON.stringify(text)}.`;
  throw new CliError(EXIT.usage, message, 'See: rollcall ns set --help');
}

/** Shows layouts as their options. */
const layoutsText = (layouts: readonly LayoutRule[] = []): string =>
  layouts.map(({ kind, prefix, show }) => `${kind}=${prefix}${show === true ? ' (shown)' : ''}`).join(', ');

const isOn = (choice: 'on' | 'off' | undefined): boolean | undefined =>
  choice === undefined ? undefined : choice === 'on';

const namespaceArgument = () => new Argument('<namespace>', 'id of the namespace');

function placementText({ placement }: Namespace): string {
  if (placement === undefined) return '';
  return 'hint' in placement ? placement.hint : `${placement.jurisdiction} only`;
}

function limitsText({ perToken: _perToken, ...limits }: NamespaceLimits): string {
  return entriesText(Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, `${value}`])));
}

function namespaceFields(namespace: Namespace) {
  const { id, title, retention, limits, selfPreservation, intervals, layouts, createdAt, createdBy } = namespace;
  return fieldTable([
    ['id', id],
    ['title', title],
    ['placement', placementText(namespace)],
    ['history retention', retention.maxAgeMs === undefined ? '' : durationText(retention.maxAgeMs)],
    ['limits', limitsText(limits)],
    ['limits per token', limits.perToken === undefined ? '' : limitsText(limits.perToken)],
    ['self-preservation', selfPreservation === true ? 'on' : ''],
    ['intervals', intervalsText(intervals)],
    ['layouts', layoutsText(layouts)],
    ['created', createdAt === undefined ? '' : `${relativeText(createdAt)} by ${createdBy}`],
  ]);
}

function lsCommand() {
  return registryCommand('ls')
    .summary('list namespaces')
    .description('Lists the namespaces that the token has a grant on.')
    .action(async (options) => {
      const { registry, print } = connect(options);
      const { items: namespaces } = await allPages(
        (after) => registry.listNamespaces({ after }),
        (list) => list.namespaces,
      );
      const rows = namespaces.map((each): Cell[] => [
        each.id,
        each.title ?? '',
        placementText(each),
        limitsText(each.limits),
        relativeText(each.createdAt ?? ''),
      ]);
      print.answer(
        { namespaces },
        {
          titles: ['NAMESPACE', 'TITLE', 'PLACEMENT', 'LIMITS', 'CREATED'],
          rows,
          spare: [3, 4, 2, 1],
        },
      );
    });
}

function getCommand() {
  return registryCommand('get')
    .summary('show the settings of a namespace')
    .description('Shows the settings of a namespace. Settings that are not listed have their defaults.')
    .addArgument(namespaceArgument())
    .action(async (ns, options) => {
      const { registry, print } = connect(options);
      const namespace = await registry.readNamespace({ ns });
      print.answer(namespace, namespaceFields(namespace));
    });
}

/** A command with an option for each setting that can be changed. */
function settingsCommand(name: string) {
  return registryCommand(name)
    .addArgument(namespaceArgument())
    .option('--title <text>', 'title for people')
    .option('--keep <duration>', 'how long to retain history, such as 2d', duration)
    .option('--max-instances <count>', 'maximum number of instances', count)
    .option('--max-services <count>', 'maximum number of services', count)
    .option('--max-bytes <count>', 'maximum size of all records in bytes', count)
    .option('--max-entries <count>', 'maximum number of entries', count)
    .option('--max-entry-bytes <count>', 'maximum size of all keys and values in bytes', count)
    .option('--max-leases <count>', 'maximum number of granted leases', count)
    .option('--max-instances-per-token <count>', 'maximum number of instances of one token', count)
    .option('--max-services-per-token <count>', 'maximum number of services of one token', count)
    .option('--max-bytes-per-token <count>', 'maximum size of the records of one token in bytes', count)
    .option('--max-entries-per-token <count>', 'maximum number of entries of one token', count)
    .option('--max-entry-bytes-per-token <count>', 'maximum size of the keys and values of one token in bytes', count)
    .option('--max-leases-per-token <count>', 'maximum number of granted leases of one token', count)
    .option('--nacos-poll <duration>', 'poll interval of Nacos clients, such as 10s', duration)
    .option('--nacos-beat <duration>', 'heartbeat interval of Nacos clients, such as 15s', duration)
    .option('--session-ping <duration>', 'ping interval of sessions, such as 30s', duration)
    .addOption(selfPreservationOption())
    .option('--layout <kind=prefix>', 'read entries below a prefix as instances; may be repeated', list)
    .option('--shown-layout <kind=prefix>', 'also show instances as entries below it; may be repeated', list)
    .option('--no-layout', 'remove all layouts')
    .addHelpText('after', SHARES);
}

function createCommand() {
  return settingsCommand('create')
    .summary('create a namespace')
    .description(
      'Creates a namespace. Repeating it changes nothing; the exit code is 5 if the namespace exists with other settings.',
    )
    .addOption(new Option('--near <region>', 'location hint, which cannot be changed later').choices(HINTS))
    .addOption(
      new Option('--only-in <jurisdiction>', 'jurisdiction of its data, which cannot be changed later').choices(
        JURISDICTIONS,
      ),
    )
    .action(async (id, options) => {
      const { registry, print } = connect(options);
      const { title, near, onlyIn, keep, selfPreservation } = options;
      if (near !== undefined && onlyIn !== undefined) {
        throw new CliError(EXIT.usage, 'Use either --near or --only-in, not both.', 'See: rollcall ns create --help');
      }
      const jurisdiction: Placement | undefined = onlyIn === undefined ? undefined : { jurisdiction: onlyIn };
      const namespace = await registry.createNamespace({
        body: {
          id,
          title,
          placement: near === undefined ? jurisdiction : { hint: near },
          retention: keep === undefined ? undefined : { maxAgeMs: keep },
          limits: limitsWith({}, options),
          selfPreservation: isOn(selfPreservation),
          intervals: intervalsOf(options),
          layouts: layoutsOf(options),
        },
      });
      print.answer(namespace, namespaceFields(namespace));
    });
}

function setCommand() {
  return settingsCommand('set')
    .summary('change the settings of a namespace')
    .description('Changes the given settings of a namespace, and keeps the others.')
    .action(async (ns, options) => {
      const { registry, print } = connect(options);
      const { title, keep, selfPreservation } = options;
      const intervals = intervalsOf(options);
      const layouts = layoutsOf(options);
      const changed = [title, keep, selfPreservation, limitsWith({}, options), intervals, layouts];
      if (changed.every((value) => value === undefined)) {
        throw new CliError(EXIT.usage, 'There is nothing to change.', 'See: rollcall ns set --help');
      }
      // A patch replaces each member as a whole, but these options set only parts of them.
      const before = await registry.readNamespace({ ns });
      const retention = { ...before.retention, maxAgeMs: keep };
      const namespace = await registry.patchNamespace({
        ns,
        body: {
          title,
          retention: keep === undefined ? undefined : retention,
          limits: limitsWith(before.limits, options),
          selfPreservation: isOn(selfPreservation),
          intervals: intervals && { ...before.intervals, ...intervals },
          layouts: layouts?.length === 0 ? null : layouts,
        },
      });
      print.answer(namespace, namespaceFields(namespace));
    });
}

function rmCommand() {
  return registryCommand('rm')
    .summary('remove a namespace')
    .description(
      'Removes a namespace. If it holds anything, it is only removed with --force; otherwise the exit code is 5.',
    )
    .addArgument(namespaceArgument())
    .option('--force', 'erase everything in it, including its history')
    .option('--yes', 'skip the confirmation')
    .action(async (ns, { force = false, yes, ...options }) => {
      const { registry, print } = connect(options);
      if (force) {
        const question = `Permanently erase namespace ${ns} and everything in it?`;
        await confirm(question, yes, { input: process.stdin, output: process.stderr });
      }
      await registry.removeNamespace({ ns, force });
      print.answer({ id: ns, removed: true }, `removed namespace ${ns}`);
    });
}

/** `rollcall ns`: manages namespaces. */
export function nsCommand() {
  return new Command('ns')
    .summary('create, change and remove namespaces')
    .description('Creates, changes and removes namespaces. Other commands choose a namespace with -n.')
    .addCommand(lsCommand())
    .addCommand(getCommand())
    .addCommand(createCommand())
    .addCommand(setCommand())
    .addCommand(rmCommand());
}
