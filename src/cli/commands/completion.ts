import { Argument, Command } from '@commander-js/extra-typings';
import { COMPLETION_SCRIPTS, SHELLS } from '../completion/completion-scripts';

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
