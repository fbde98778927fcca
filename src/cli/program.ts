import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { packageVersion } from '../launcher/package';
import { benchCommand } from './commands/bench';
import { completeCommand, completionCommand } from './commands/completion';
import { consoleCommand } from './commands/console';
import { contextCommand } from './commands/context';
import { doctorCommand } from './commands/doctor';
import { drainCommand } from './commands/drain';
import { execCommand } from './commands/exec';
import { gatewayCommand } from './commands/gateway';
import { auditCommand, historyCommand, whyCommand } from './commands/history';
import { kvCommand } from './commands/kv';
import { leaseCommand } from './commands/lease';
import { lsCommand } from './commands/ls';
import { nsCommand } from './commands/ns';
import { disableCommand, enableCommand, metaCommand, quarantineCommand, weightCommand } from './commands/overrides';
import { diffCommand, rollbackCommand } from './commands/past';
import { getCommand, resolveCommand, subscribersCommand } from './commands/read-commands';
import { deregisterCommand, heartbeatCommand, registerCommand } from './commands/registration';
import { backupCommand, restoreCommand, serveCommand } from './commands/self-host';
import { syncCommand } from './commands/sync';
import { tokenCommand } from './commands/token';
import { exportCommand, importCommand } from './commands/transfer';
import { watchCommand } from './commands/watch';

/** The parser's title for options without a group. */
const OWN_OPTIONS = 'Options:';

/** Commands as the help lists them, grouped by task. */
const CHAPTERS: [title: string, commands: () => CommandUnknownOpts[]][] = [
  ['Run a registry:', () => [serveCommand(), gatewayCommand(), backupCommand(), restoreCommand()]],
  ['Register:', () => [registerCommand(), heartbeatCommand(), deregisterCommand(), execCommand()]],
  [
    'Inspect:',
    () => [consoleCommand(), lsCommand(), getCommand(), resolveCommand(), watchCommand(), subscribersCommand()],
  ],
  ['Entries:', () => [kvCommand(), leaseCommand()]],
  ['History:', () => [whyCommand(), historyCommand(), diffCommand()]],
  [
    'Operate:',
    () => [
      drainCommand(),
      quarantineCommand(),
      enableCommand(),
      disableCommand(),
      weightCommand(),
      metaCommand(),
      rollbackCommand(),
    ],
  ],
  ['Migrate:', () => [syncCommand()]],
  ['Administer:', () => [nsCommand(), tokenCommand(), auditCommand(), exportCommand(), importCommand()]],
  ['Measure and diagnose:', () => [benchCommand(), doctorCommand()]],
  ['This program:', () => [contextCommand(), completionCommand(), versionCommand()]],
];

const defaultWriteErr = (text: string): void => void process.stderr.write(text);

/** Rewrites an error of the parser as a sentence, with the nearest match if there is one. */
export function parserMessage(text: string): string {
  const [first = '', hint = ''] = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const phrase = first
    .replace(/^option '(--[\w-]+)[^']*' argument '(.*?)' is invalid\./, "$1 cannot be '$2'.")
    .replace(/^command-argument value '(.*?)' is invalid for argument '([^']*)'\./, "<$2> cannot be '$1'.")
    .replace(/^required option '([^']*)' not specified/, 'missing option $1')
    .replace(/^missing required argument '([^']*)'/, 'missing argument <$1>');
  const sentence = `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}${phrase.endsWith('.') ? '' : '.'}`;
  const nearest = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(hint)?.[1];
  return nearest === undefined ? sentence : `${sentence} Did you mean ${nearest}?`;
}

/** Passes settings of a command on to its subcommands, and sets those that depend on the full path of names. */
function adopt(parent: CommandUnknownOpts, path: string): void {
  for (const command of parent.commands) {
    const name = `${path} ${command.name()}`;
    command
      .copyInheritedSettings(parent)
      .helpOption('-h, --help', 'show this')
      .helpCommand(false)
      .showHelpAfterError(`See: ${name} --help`);
    if (command.commands.length > 0) command.usage('<command> [options]');
    adopt(command, name);
  }
}

/** Returns the term of a command in a list: name and arguments, without `[options]`, which all commands have. */
function subcommandTerm(command: CommandUnknownOpts): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(' ');
}

/** Lists the options of a command before those that all commands share. */
function ownOptionsFirst<Item>(_all: Item[], visible: Item[], groupOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  const own = visible.filter((item) => groupOf(item) === OWN_OPTIONS);
  for (const item of [...own, ...visible.filter((each) => !own.includes(each))]) {
    const group = groupOf(item);
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  return groups;
}

/**
 * Creates the command line: every command with its options.
 *
 * @param writeErr Called with texts of the parser about an error; by default they go to standard error.
 */
export function createProgram(writeErr: (text: string) => void = defaultWriteErr): CommandUnknownOpts {
  const program = new Command('rollcall')
    .usage('<command> [options]')
    .addHelpText('before', 'Rollcall, a service registry.\n')
    .helpOption('-h, --help', 'show this, or the options of a command')
    .version(packageVersion(), '-v, --version', 'show the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeErr,
      outputError: (text, write) => write(`${parserMessage(text)}\n`),
    })
    .configureHelp({ subcommandTerm, groupItems: ownOptionsFirst })
    .showHelpAfterError('See: rollcall --help');
  for (const [title, commands] of CHAPTERS) {
    program.commandsGroup(title);
    for (const command of commands()) program.addCommand(command);
  }
  program.helpCommand('help [command]', 'show the options of a command');
  program.addCommand(
    completeCommand(() => program),
    { hidden: true },
  );
  adopt(program, 'rollcall');
  return program;
}

/** `rollcall version` */
function versionCommand() {
  return new Command('version')
    .summary('show the version of this program')
    .description('Shows the version of this program. `rollcall doctor` also shows the version of the registry.')
    .action(() => void process.stdout.write(`${packageVersion()}\n`));
}
