import { Argument, Command, Option } from '@commander-js/extra-typings';
import type { Namespace, NamespaceIntervals, NamespaceLimits, Placement } from '../../client/wire/directory-answers';
import { allPages, connect, registryCommand } from '../connection/registry';
import { confirm } from '../terminal/confirm';
import { CliError, EXIT } from '../terminal/failure';
import { count, duration } from '../terminal/option-values';
import type { Cell } from '../terminal/table';
import { durationText, entriesText, fieldTable } from '../terminal/views';

const HINTS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;
const JURISDICTIONS = ['eu', 'fedramp'] as const;

const selfPreservationOption = () =>
  new Option(
    '--self-preservation <on|off>',
    "keep what Eureka's clients registered while too few of them renew, as Eureka does",
  ).choices(['on', 'off'] as const);

/** Values of the options that bound a namespace. */
type LimitOptions = Partial<
  Record<'instances' | 'services' | 'bytes' | 'tokenInstances' | 'tokenServices' | 'tokenBytes', number>
>;

const SHARES = `
A token that does not operate the namespace holds at most three quarters of its instances, services and bytes of records,
half where its grants name services. A fleet that registers everything with one token needs more: raise the limits of a
token, up to those of the namespace (--token-instances 100000).`;

/** Limits with those that options name; undefined where they name none. */
function limitsWith(before: NamespaceLimits, options: LimitOptions): NamespaceLimits | undefined {
  const { instances, services, bytes, tokenInstances, tokenServices, tokenBytes } = options;
  const own = given({ instances, services, bytes });
  const ofToken = given({ instances: tokenInstances, services: tokenServices, bytes: tokenBytes });
  if (Object.keys({ ...own, ...ofToken }).length === 0) return undefined;
  const perToken = { ...before.perToken, ...ofToken };
  return { ...before, ...own, ...(Object.keys(perToken).length > 0 && { perToken }) };
}

const given = (members: Record<string, number | undefined>) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
/** The intervals that options name; undefined where they name none. */
function intervalsOf(options: {
  nacosPoll?: number | undefined;
  nacosBeat?: number | undefined;
  sessionPing?: number | undefined;
}): NamespaceIntervals | undefined {
  const { nacosPoll: nacosPollMs, nacosBeat: nacosBeatMs, sessionPing: sessionPingMs } = options;
  const intervals = given({ nacosPollMs, nacosBeatMs, sessionPingMs });
  return Object.keys(intervals).length === 0 ? undefined : intervals;
}

const intervalsText = (intervals: NamespaceIntervals = {}): string =>
  entriesText(Object.fromEntries(Object.entries(intervals).map(([name, ms]) => [name, `${ms}`])));

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
  const { id, title, retention, limits, selfPreservation, intervals, createdAt, createdBy } = namespace;
  return fieldTable([
    ['id', id],
    ['title', title],
    ['placement', placementText(namespace)],
    ['keeps its past for', retention.maxAgeMs === undefined ? '' : durationText(retention.maxAgeMs)],
    ['limits', limitsText(limits)],
    ['limits per token', limits.perToken === undefined ? '' : limitsText(limits.perToken)],
    ['self-preservation', selfPreservation === true ? 'on' : ''],
    ['intervals', intervalsText(intervals)],
    ['created', createdAt === undefined ? '' : `${createdAt} by ${createdBy}`],
  ]);
}

function lsCommand() {
  return registryCommand('ls')
    .summary('list namespaces')
    .description('Lists the namespaces on which the token is good for anything.')
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
        each.createdAt ?? '',
      ]);
      print.answer({ namespaces }, { titles: ['NAMESPACE', 'TITLE', 'PLACEMENT', 'LIMITS', 'CREATED'], rows });
    });
}

function getCommand() {
  return registryCommand('get')
    .summary('show what a namespace is set to')
    .description('Shows what a namespace is set to. What is left out is as it is for all.')
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
    .option('--title <text>', 'for people')
    .option('--keep <duration>', 'how long it keeps its past, such as 2d', duration)
    .option('--instances <count>', 'most instances it takes', count)
    .option('--services <count>', 'most services it takes', count)
    .option('--bytes <count>', 'most bytes of records it takes', count)
    .option('--token-instances <count>', 'most instances of one token, in place of its share', count)
    .option('--token-services <count>', 'most services of one token, in place of its share', count)
    .option('--token-bytes <count>', 'most bytes of records of one token, in place of its share', count)
    .option('--nacos-poll <duration>', "how often Nacos' clients poll, such as 10s", duration)
    .option('--nacos-beat <duration>', "how often Nacos' clients beat, such as 15s", duration)
    .option('--session-ping <duration>', 'how often sessions ping, such as 30s', duration)
    .addOption(selfPreservationOption())
    .addHelpText('after', SHARES);
}

function createCommand() {
  return settingsCommand('create')
    .summary('make a namespace')
    .description('Makes a namespace. The same again changes nothing; one that is there and differs is exit code 5.')
    .addOption(new Option('--near <region>', 'where it lives, as a hint; decided once').choices(HINTS))
    .addOption(new Option('--only-in <jurisdiction>', 'where its data stay; decided once').choices(JURISDICTIONS))
    .action(async (id, options) => {
      const { registry, print } = connect(options);
      const { title, near, onlyIn, keep, selfPreservation } = options;
      if (near !== undefined && onlyIn !== undefined) {
        throw new CliError(EXIT.usage, 'Give --near or --only-in, and not both.', 'See: rollcall ns create --help');
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
        },
      });
      print.answer(namespace, namespaceFields(namespace));
    });
}

function setCommand() {
  return settingsCommand('set')
    .summary('change what a namespace is set to')
    .description('Changes what a namespace is set to, and leaves the rest as it is.')
    .action(async (ns, options) => {
      const { registry, print } = connect(options);
      const { title, keep, selfPreservation } = options;
      const intervals = intervalsOf(options);
      const changed = [title, keep, selfPreservation, limitsWith({}, options), intervals];
      if (changed.every((value) => value === undefined)) {
        throw new CliError(EXIT.usage, 'There is nothing to change.', 'See: rollcall ns set --help');
      }
      // A patch replaces each member as a whole, and these options name parts of them.
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
        },
      });
      print.answer(namespace, namespaceFields(namespace));
    });
}

function rmCommand() {
  return registryCommand('rm')
    .summary('remove a namespace')
    .description(
      'Removes a namespace. One that holds anything is kept (exit code 5), unless --force erases that with it.',
    )
    .addArgument(namespaceArgument())
    .option('--force', 'erase everything in it, and its past')
    .option('--yes', 'do not ask')
    .action(async (ns, { force = false, yes, ...options }) => {
      const { registry, print } = connect(options);
      if (force) {
        const question = `Erase namespace ${ns} with everything in it, for good?`;
        await confirm(question, yes, { input: process.stdin, output: process.stderr });
      }
      await registry.removeNamespace({ ns, force });
      print.answer({ id: ns, removed: true }, `there is no namespace ${ns} any more`);
    });
}

/** `rollcall ns`: namespaces, one for each tenant. */
export function nsCommand() {
  return new Command('ns')
    .summary('make, change and remove namespaces')
    .description(
      'Makes, changes and removes namespaces. Which of them other commands are about is said with --namespace.',
    )
    .addCommand(lsCommand())
    .addCommand(getCommand())
    .addCommand(createCommand())
    .addCommand(setCommand())
    .addCommand(rmCommand());
}
