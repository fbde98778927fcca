import { Command } from '@commander-js/extra-typings';
import { packageVersion } from '../../launcher/package';

/** `rollcall version` */
export function versionCommand() {
  return new Command('version')
    .summary('show the version of this program')
    .description('Shows the version of this program. `rollcall doctor` shows that of a registry beside it.')
    .action(() => void process.stdout.write(`${packageVersion()}\n`));
}
