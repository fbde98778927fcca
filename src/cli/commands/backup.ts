import { Command } from '@commander-js/extra-typings';
import { takeBackup } from '../../backup/take-backup';
import { packageVersion } from '../../launcher/package';
import { dataFolderOf } from '../../launcher/serve-options';
import { processPrinter } from '../terminal/printer';
import { Progress } from '../terminal/progress';
import { backupView } from '../views/backup-view';

const NOTE = `
The folder holds no root token, but digests of all others, and the audit trail: keep it to yourself.
Restore it with: rollcall restore <folder>`;

/** `rollcall backup`: copies the data folder of a registry on this machine. */
export function backupCommand() {
  return new Command('backup')
    .summary('back up the registry on this machine, running or stopped')
    .description(
      'Copies all data of the registry on this machine into a new folder, while it runs or when it is stopped. Each ' +
        'namespace is copied as it was in one moment.',
    )
    .argument('<folder>', 'folder to make')
    .option('--data <folder>', 'data folder of the registry (default data, or ROLLCALL_DATA)')
    .option('--json', 'answer as JSON')
    .addHelpText('after', NOTE)
    .action(async (folder, { data, json }) => {
      const print = processPrinter({ json });
      const bar = new Progress(print.err);
      const progress = (copied: number, known: number) =>
        bar.update('copying', copied / known, `${copied} of ${known} databases`);
      const from = dataFolderOf(data, process.env);
      const manifest = await takeBackup({ data: from, target: folder, version: packageVersion(), progress }).finally(
        () => bar.end(),
      );
      print.answer({ folder, ...manifest }, `${from} is backed up in ${folder}`, backupView(manifest));
    });
}
