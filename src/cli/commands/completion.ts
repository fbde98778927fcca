import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { candidates, RegistryNames } from './candidates';

/** Neither the shell nor the line between two candidates takes other signs without quotes. */
const UNQUOTED = /^[\p{L}\p{N}_.:@%+,/=-]+$/u;

/** `rollcall complete`: what the scripts of shells call. Whatever goes wrong, it says nothing: somebody is typing. */
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
