import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { candidates } from '../completion/candidates';
import { RegistryNames } from '../completion/registry-names';

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
