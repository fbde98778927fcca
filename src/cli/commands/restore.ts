import { Command } from '@commander-js/extra-typings';
import { checkBackup, restoreBackup } from '../../backup/restore-backup';
import { dataFolderOf } from '../../launcher/serve-options';
import { processPrinter } from '../terminal/printer';
import { Progress } from '../terminal/progress';
import { backupView } from '../views/backup-view';

const NOTE = `
The next start makes a new root token where there is none; all other tokens go on as they were.
Whoever watches is told \`reset\`, and begins anew; instances that renew stay.`;

/** `rollcall restore`: makes a data folder of a backup. */
export function restoreCommand() {
  return new Command('restore')
    .summary('restore a backup into a data folder on this machine')
    .description(
      'Verifies a backup and makes of it the data of a registry on this machine, which must not run. An interrupted ' +
        'restore leaves nothing that starts: run it again.',
    )
    .argument('<folder>', 'folder that a backup made')
    .option('--data <folder>', 'data folder, made where it is absent (default data, or ROLLCALL_DATA)')
    .option('--force', 'set aside the registry that is stored there')
    .option('--check', 'verify the backup, and restore nothing')
    .option('--json', 'answer as JSON')
    .addHelpText('after', NOTE)
    .action(async (folder, { data, force, check, json }) => {
      const print = processPrinter({ json });
      const bar = new Progress(print.err);
      const labels = { verify: 'verifying', copy: 'copying  ' };
      const to = dataFolderOf(data, process.env);
      const options = {
        backup: folder,
        data: to,
        force,
        say: (line: string) => print.note(line),
        progress: (what: 'verify' | 'copy', done: number, all: number) =>
          bar.update(labels[what], done / all, `${done} of ${all} files`),
      };
      if (check === true) {
        const manifest = await checkBackup(options).finally(() => bar.end());
        return print.answer({ folder, ...manifest }, `${folder} is a whole backup`, backupView(manifest));
      }
      const { manifest, setAside } = await restoreBackup(options).finally(() => bar.end());
      const kept = setAside === null ? [] : [`what was there before is kept in ${setAside}; delete it when you like`];
      print.answer(
        { data: to, setAside, ...manifest },
        `${folder} is restored into ${to}`,
        backupView(manifest),
        ...kept,
      );
    });
}
