import { Argument } from '@commander-js/extra-typings';
import { amount } from '../options/option-values';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { override, overrideCommand } from './override-command';

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
