import { Argument } from '@commander-js/extra-typings';
import { keysAndValues, list } from '../options/option-values';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { override, overrideCommand } from './override-command';

/** `rollcall meta`: metadata of an instance, merged over what the instance says. */
export function metaCommand() {
  return overrideCommand('meta')
    .summary('set metadata of an instance over what it says')
    .description('Sets metadata of an instance, merged over what it says itself and kept when it registers again.')
    .addArgument(new Argument('[key=value...]', 'entries to set').argParser(keysAndValues))
    .option('--unset <key>', 'take an entry back that operators set; may come many times', list)
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
