import { Argument, Command, type CommandUnknownOpts, type Option } from '@commander-js/extra-typings';
import { type Admin, rollcallAdmin } from '../../client/admin';
import { configPath, readConfig } from '../connection/config-file';
import { findPlace } from '../connection/place';
import { serviceName, serviceText } from '../terminal/option-values';

/** Neither the shell nor the line between two candidates takes other signs without quotes. */
const UNQUOTED = /^[\p{L}\p{N}_.:@%+,/=-]+$/u;

/** `rollcall complete`: called by the scripts of shells. It prints no error: a person is typing. */
export function completeCommand(program: () => CommandUnknownOpts) {
  return new Command('complete')
    .description('Tells shells what the last of these words may become.')
    .argument('[words...]')
    .action(async (words) => {
      const found = await candidates(program(), words, new RegistryNames(process.env, process.cwd()));
      const lines = found.filter(({ value }) => UNQUOTED.test(value));
      process.stdout.write(lines.map(({ value, description }) => `${value}\t${description}\n`).join(''));
    });
}

const HOW = `
Load it once, or with each start of your shell:
  bash  source <(rollcall completion bash)      in ~/.bashrc
  zsh   source <(rollcall completion zsh)       in ~/.zshrc, after compinit
  fish  rollcall completion fish | source       in ~/.config/fish/config.fish`;

/** `rollcall completion` */
export function completionCommand() {
  return new Command('completion')
    .summary('print what makes your shell complete commands, options and names')
    .description(
      'Prints a script that makes your shell complete commands, options, and names of services and instances. For names ' +
        'it asks the registry in use, for half a second at most.',
    )
    .addArgument(new Argument('<shell>', 'the shell that is to load it').choices(SHELLS))
    .addHelpText('after', HOW)
    .action((shell) => void process.stdout.write(COMPLETION_SCRIPTS[shell]));
}

/**
 * What shells load. Each asks the program itself what a word may become, so a script never grows old: it knows neither
 * commands nor options. What the program answers is one candidate a line, with its description after a tab.
 */

/** bash ends words at colons and at signs, too; what it keeps of a word must not come again in the answer. */
const BASH = `_rollcall() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n' words candidate
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local word="\${words[-1]}"
  local kept="\${word%"\${word##*[:=@]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    [[ -n $candidate ]] && COMPREPLY+=("\${candidate#"$kept"}")
  done < <(rollcall complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -o bashdefault -o default -F _rollcall rollcall
`;

const ZSH = `#compdef rollcall
_rollcall() {
  local line
  local -a candidates
  for line in "\${(@f)$(rollcall complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#candidates )); then _describe -t rollcall rollcall candidates; else _files; fi
}
if [[ \${funcstack[1]-} == _rollcall ]]; then _rollcall "$@"; else compdef _rollcall rollcall; fi
`;

const FISH = `function __rollcall_complete
    set -l words (commandline -opc) (commandline -ct)
    rollcall complete -- $words[2..] 2> /dev/null
end
complete -c rollcall -n 'not contains -- -- (commandline -opc)' -f -a '(__rollcall_complete)'
`;

/** The shells that can complete, and what each loads. */
const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
type Shell = keyof typeof COMPLETION_SCRIPTS;
const SHELLS = ['bash', 'zsh', 'fish'] as const satisfies readonly Shell[];

/** A word that the last one may become. */
export interface Candidate {
  value: string;
  description: string;
}

/** Names that only a registry or the user's own file knows. Answers soon, and with nothing rather than an error. */
export interface NameSource {
  contexts(): Promise<Candidate[]>;
  /** @param flags Values of the options typed so far, such as `--url`. */
  services(flags: ReadonlyMap<string, string>): Promise<Candidate[]>;
  instances(flags: ReadonlyMap<string, string>, service: string): Promise<Candidate[]>;
}

/** Where in the command line the word stands that is to be completed. */
interface Position {
  command: CommandUnknownOpts;
  /** Words of the command that are no options. */
  operands: string[];
  flags: Map<string, string>;
  /** The option whose value the word is. */
  awaiting: Option | undefined;
  /** After `--` the words are another program's. */
  isBeyond: boolean;
}

const takesValue = (option: Option): boolean => option.required || option.optional;

const optionsOf = (command: CommandUnknownOpts): readonly Option[] => command.createHelp().visibleOptions(command);

/** Follows the words before the one to complete. */
function follow(program: CommandUnknownOpts, words: readonly string[]): Position {
  const at: Position = { command: program, operands: [], flags: new Map(), awaiting: undefined, isBeyond: false };
  for (const word of words) {
    if (at.awaiting !== undefined) {
      at.flags.set(at.awaiting.long ?? '', word);
      at.awaiting = undefined;
    } else if (word === '--') {
      at.isBeyond = true;
      break;
    } else if (word.startsWith('-')) {
      const [name = '', value] = word.split(/=(.*)/s);
      const option = optionsOf(at.command).find(({ long, short }) => name === long || name === short);
      if (option === undefined || !takesValue(option)) continue;
      if (value === undefined) at.awaiting = option;
      else at.flags.set(option.long ?? '', value);
    } else {
      const sub = at.operands.length === 0 ? at.command.commands.find((each) => each.name() === word) : undefined;
      if (sub === undefined) at.operands.push(word);
      else at.command = sub;
    }
  }
  return at;
}

async function named(what: string, { flags, operands }: Position, names: NameSource): Promise<Candidate[]> {
  switch (what) {
    case 'service':
    case 'services':
    case 'patterns':
      return names.services(flags);
    case 'id':
      return names.instances(flags, operands[0] ?? '');
    case 'context':
      return names.contexts();
    default:
      return [];
  }
}

async function everything(at: Position, word: string, names: NameSource): Promise<Candidate[]> {
  const { command, operands, awaiting } = at;
  if (at.isBeyond) return [];
  if (awaiting !== undefined) {
    const choices = awaiting.argChoices?.map((value) => ({ value, description: '' }));
    return choices ?? named(awaiting.attributeName(), at, names);
  }
  if (word.startsWith('-')) {
    return optionsOf(command).map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
  }
  if (command.commands.length > 0 && operands.length === 0) {
    return command
      .createHelp()
      .visibleCommands(command)
      .map((sub) => ({ value: sub.name(), description: sub.summary() || sub.description() }));
  }
  const all = command.registeredArguments;
  const argument = all[operands.length] ?? (all.at(-1)?.variadic === true ? all.at(-1) : undefined);
  if (argument === undefined) return [];
  return argument.argChoices?.map((value) => ({ value, description: '' })) ?? named(argument.name(), at, names);
}

/**
 * What the last word may become: a command, an option, a value that is one of a few, a name that the registry knows.
 *
 * @param words All words up to the cursor, without the name of the program; the last may be empty.
 */
export async function candidates(
  program: CommandUnknownOpts,
  words: readonly string[],
  names: NameSource,
): Promise<Candidate[]> {
  const word = words.at(-1) ?? '';
  const all = await everything(follow(program, words.slice(0, -1)), word, names);
  return all.filter(({ value }) => value.startsWith(word));
}

/** A person has pressed a key and waits: later than this a list of names is in the way. */
const ANSWER_TIMEOUT_MS = 500;

/** More than fit on a screen are of no help. */
const NAMES_MAX_COUNT = 200;

/** The names that a registry knows. Where it does not answer, or refuses, there are none. */
export class RegistryNames implements NameSource {
  readonly #env: NodeJS.ProcessEnv;
  readonly #cwd: string;

  constructor(env: NodeJS.ProcessEnv, cwd: string) {
    this.#env = env;
    this.#cwd = cwd;
  }

  contexts(): Promise<Candidate[]> {
    return orNothing(async () => {
      const { contexts } = readConfig(configPath(this.#env));
      return Object.entries(contexts).map(([value, { url }]) => ({ value, description: url }));
    });
  }

  services(flags: ReadonlyMap<string, string>): Promise<Candidate[]> {
    return orNothing(async () => {
      const { services } = await this.#calls(flags).listServices({ limit: NAMES_MAX_COUNT, signal: soon() });
      return services.map(({ group, name, available, instances }) => ({
        value: serviceText({ group, service: name }),
        description: `${available} of ${instances} available`,
      }));
    });
  }

  instances(flags: ReadonlyMap<string, string>, service: string): Promise<Candidate[]> {
    return orNothing(async () => {
      const ask = { ...serviceName(service), limit: NAMES_MAX_COUNT, signal: soon() };
      const { instances } = await this.#calls(flags).listInstances(ask);
      return instances.map(({ id, status, available }) => ({
        value: id,
        description: available ? 'available' : status,
      }));
    });
  }

  #calls(flags: ReadonlyMap<string, string>): Admin {
    const named = {
      url: flags.get('--url'),
      token: flags.get('--token'),
      namespace: flags.get('--namespace'),
      context: flags.get('--context'),
    };
    const config = readConfig(configPath(this.#env));
    return rollcallAdmin(findPlace({ flags: named, env: this.#env, config, cwd: this.#cwd }));
  }
}

const soon = (): AbortSignal => AbortSignal.timeout(ANSWER_TIMEOUT_MS);

async function orNothing(find: () => Promise<Candidate[]>): Promise<Candidate[]> {
  try {
    return await find();
  } catch {
    // A person is typing: an error would land in the middle of their line.
    return [];
  }
}
