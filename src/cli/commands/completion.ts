import { Argument, Command, type CommandUnknownOpts, type Option } from '@commander-js/extra-typings';
import { type Admin, rollcallAdmin } from '../../client/admin';
import { rollcall } from '../../client/client';
import { kv } from '../../client/kv';
import { configPath, readConfig } from '../connection/config-file';
import { findPlace, type Place } from '../connection/place';
import { serviceName, serviceText } from '../terminal/option-values';
import { counted } from '../terminal/phrases';

/** Candidates that need no quotes in a shell; others are left out. */
const UNQUOTED = /^[\p{L}\p{N}_.:@%+,/=-]+$/u;

/** `rollcall complete`: called by the completion scripts. It prints no errors, as the user is typing. */
export function completeCommand(program: () => CommandUnknownOpts) {
  return new Command('complete')
    .description('Prints completions of the last word, for shells.')
    .argument('[words...]')
    .action(async (words) => {
      const found = await candidates(program(), words, new RegistryNames(process.env, process.cwd()));
      const lines = found.filter(({ value }) => UNQUOTED.test(value));
      process.stdout.write(lines.map(({ value, description }) => `${value}\t${description}\n`).join(''));
    });
}

const HOW = `
Load it once, or in the startup file of your shell:
  bash  source <(rollcall completion bash)      in ~/.bashrc
  zsh   source <(rollcall completion zsh)       in ~/.zshrc, after compinit
  fish  rollcall completion fish | source       in ~/.config/fish/config.fish`;

/** `rollcall completion` */
export function completionCommand() {
  return new Command('completion')
    .summary('print a completion script for your shell')
    .description(
      'Prints a script that completes commands, options, and the names of services and instances. It asks the current ' +
        'registry for names, for at most half a second.',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText('after', HOW)
    .action((shell) => void process.stdout.write(COMPLETION_SCRIPTS[shell]));
}

/**
 * Scripts that shells load. They ask the program itself for completions, so they contain no commands or options that
 * could become stale. The program prints one candidate per line, with its description after a tab.
 */

/** bash also splits words at colons and at signs; the part that it keeps must not be repeated in the candidate. */
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

/** Completion script of each supported shell. */
const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
type Shell = keyof typeof COMPLETION_SCRIPTS;
const SHELLS = ['bash', 'zsh', 'fish'] as const satisfies readonly Shell[];

/** A completion of the last word. */
export interface Candidate {
  value: string;
  description: string;
}

/** Source of names from a registry or the user's configuration. Responds quickly, and with an empty list on error. */
export interface NameSource {
  contexts(): Promise<Candidate[]>;
  /** @param flags Values of the options typed so far, such as `--url`. */
  services(flags: ReadonlyMap<string, string>): Promise<Candidate[]>;
  instances(flags: ReadonlyMap<string, string>, service: string): Promise<Candidate[]>;
  leases(flags: ReadonlyMap<string, string>): Promise<Candidate[]>;
  /** @param prefix Beginning of the keys. */
  keys(flags: ReadonlyMap<string, string>, prefix: string): Promise<Candidate[]>;
}

/** Position in the command line of the word to complete. */
interface Position {
  command: CommandUnknownOpts;
  /** Words of the command that are not options. */
  operands: string[];
  flags: Map<string, string>;
  /** The option whose value the word is. */
  awaiting: Option | undefined;
  /** True after `--`, where the words belong to another program. */
  isBeyond: boolean;
}

const takesValue = (option: Option): boolean => option.required || option.optional;

const optionsOf = (command: CommandUnknownOpts): readonly Option[] => command.createHelp().visibleOptions(command);

/** Parses the words before the one to complete. */
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

async function named(
  what: string,
  { flags, operands }: Position,
  word: string,
  names: NameSource,
): Promise<Candidate[]> {
  switch (what) {
    case 'service':
    case 'services':
    case 'patterns':
      return names.services(flags);
    case 'id':
      return names.instances(flags, operands[0] ?? '');
    case 'context':
      return names.contexts();
    case 'lease':
      return names.leases(flags);
    case 'key':
    case 'keys':
    case 'key-prefix':
      return names.keys(flags, word);
    default:
      return [];
  }
}

async function everything(at: Position, word: string, names: NameSource): Promise<Candidate[]> {
  const { command, operands, awaiting } = at;
  if (at.isBeyond) return [];
  if (awaiting !== undefined) {
    const choices = awaiting.argChoices?.map((value) => ({ value, description: '' }));
    return choices ?? named(awaiting.attributeName(), at, word, names);
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
  return argument.argChoices?.map((value) => ({ value, description: '' })) ?? named(argument.name(), at, word, names);
}

/**
 * Returns completions of the last word: commands, options, values from a fixed set, and names that the registry knows.
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

/** Timeout of a request for names, as the user waits for the list. */
const ANSWER_TIMEOUT_MS = 500;

/** Maximum number of names: more than fit on a screen don't help. */
const NAMES_MAX_COUNT = 200;

/** Names from a registry; none if it is unreachable or refuses. */
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

  leases(flags: ReadonlyMap<string, string>): Promise<Candidate[]> {
    return orNothing(async () => {
      const { leases } = await this.#calls(flags).listGrantedLeases({ limit: NAMES_MAX_COUNT, signal: soon() });
      return leases.map(({ id, holds }) => ({
        value: id,
        description: `${counted(holds.entries, 'entry', 'entries')}, ${counted(holds.instances, 'instance')}`,
      }));
    });
  }

  keys(flags: ReadonlyMap<string, string>, prefix: string): Promise<Candidate[]> {
    return orNothing(async () => {
      const found: Candidate[] = [];
      const settings = { pageSize: NAMES_MAX_COUNT, signal: soon() };
      const entries = kv(rollcall({ ...this.#place(flags), onWarning: false }));
      for await (const { key, bytes, contentType = '' } of entries.keys({ prefix }, settings)) {
        found.push({ value: key, description: `${counted(bytes, 'byte')} ${contentType}`.trim() });
        if (found.length >= NAMES_MAX_COUNT) break;
      }
      return found;
    });
  }

  #calls(flags: ReadonlyMap<string, string>): Admin {
    return rollcallAdmin(this.#place(flags));
  }

  #place(flags: ReadonlyMap<string, string>): Place {
    const named = {
      url: flags.get('--url'),
      token: flags.get('--token'),
      namespace: flags.get('--namespace'),
      context: flags.get('--context'),
    };
    const config = readConfig(configPath(this.#env));
    return findPlace({ flags: named, env: this.#env, config, cwd: this.#cwd });
  }
}

const soon = (): AbortSignal => AbortSignal.timeout(ANSWER_TIMEOUT_MS);

async function orNothing(find: () => Promise<Candidate[]>): Promise<Candidate[]> {
  try {
    return await find();
  } catch {
    // An error message would appear in the middle of the line that the user is typing.
    return [];
  }
}
