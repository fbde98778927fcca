import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { Manifest } from '../../backup/manifest';
import { checkBackup, restoreBackup } from '../../backup/restore-backup';
import { canCopyDatabases } from '../../backup/sqlite';
import { takeBackup } from '../../backup/take-backup';
import { PACKAGE_ROOT, packageVersion } from '../../launcher/package';
import { findRuntime } from '../../launcher/runtime';
import { printCommand, serve } from '../../launcher/serve';
import { dataFolderOf, parseServeOptions } from '../../launcher/serve-options';
import { EXIT } from '../terminal/failure';
import { processPrinter } from '../terminal/printer';
import { Progress } from '../terminal/progress';
import type { Table } from '../terminal/table';
import { fieldTable } from '../terminal/views';

const ENVIRONMENT = `
Environment:
  ROLLCALL_ROOT_TOKEN  the root token, 32 characters or more (default: made on the first start, kept in
                       the data folder as root-token)`;

/** `rollcall serve`: the launcher does it. */
export function serveCommand() {
  return new Command('serve')
    .summary('run the registry on this machine')
    .description('Runs the registry on this machine until it is stopped (Ctrl-C or SIGTERM).')
    .option('--port <port>', 'port to listen on; 0 takes a free one (default 8787, or PORT)')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--data <folder>', 'folder of all data, made where it is absent (default data, or ROLLCALL_DATA)')
    .option(
      '--cors-origin <origin>',
      'origin of pages that may call from a browser; may come many times (default none, or ROLLCALL_CORS_ORIGINS)',
      (origin: string, others: string[] | undefined) => [...(others ?? []), origin],
    )
    .option(
      '--namespace-domain <domain>',
      'clients of dialects reach a namespace at <namespace>.<domain> (default none, or ROLLCALL_NAMESPACE_DOMAIN)',
    )
    .option('--tls-cert <file>', 'certificate and those up to its root, in PEM: speaks HTTPS (or ROLLCALL_TLS_CERT)')
    .option('--tls-key <file>', 'its private key, in PEM (or ROLLCALL_TLS_KEY)')
    .option('--trusted-proxy', 'a proxy in front tells the caller’s address (or ROLLCALL_TRUSTED_PROXY=true)')
    .option(
      '--log-level <level>',
      'off, error, warn, or info: a line for each request (default warn, or ROLLCALL_LOG_LEVEL)',
    )
    .option('--print-command', 'print the command of the process with its permissions, for systemd, and start nothing')
    .addHelpText('after', ENVIRONMENT)
    .action(({ printCommand: isPrinted, ...flags }) =>
      isPrinted === true ? printCommand(flags) : serve(parseServeOptions(flags, process.env)),
    );
}

const BACKUP_NOTE = `
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
    .addHelpText('after', BACKUP_NOTE)
    .action(async (folder, { data, json }) => {
      if (!(await canCopyDatabases())) return runAgain(process.argv.slice(2));
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

const RESTORE_NOTE = `
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
    .addHelpText('after', RESTORE_NOTE)
    .action(async (folder, { data, force, check, json }) => {
      if (!(await canCopyDatabases())) return runAgain(process.argv.slice(2));
      const print = processPrinter({ json });
      const bar = new Progress(print.err);
      const labels = { verify: 'verifying', copy: 'copying  ' };
      const to = dataFolderOf(data, process.env);
      const options = {
        backup: folder,
        data: to,
        force,
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

/** Shows the content of a backup. */
function backupView({ version, startedAt, namespaces }: Manifest): Table {
  return fieldTable([
    ['made', `${startedAt} by Rollcall ${version}`],
    ['namespaces', namespaces.map(({ id }) => id).join(' ') || 'nothing is stored in any yet'],
  ]);
}

/** What Deno lets the command line do with a backup: it copies files, and speaks to nobody. */
const DENO_WORDS = [
  'run',
  ...['--no-config', '--no-lock', '--no-remote', '--no-npm', '--no-prompt'],
  ...['--allow-read', '--allow-write', '--allow-env', '--allow-sys'],
];

/**
 * Runs the command line again on the runtime that the registry runs on: it is written for an older Node, too, which can't
 * copy databases.
 *
 * @throws {LaunchError} if there is no such runtime, with how to get one.
 */
async function runAgain(words: readonly string[]): Promise<void> {
  const { name, program } = findRuntime();
  const before = name === 'deno' ? DENO_WORDS : ['--disable-warning=ExperimentalWarning'];
  const again = [...before, join(PACKAGE_ROOT, 'bin', 'rollcall.js'), ...words];
  const child = spawn(program, again, { stdio: 'inherit', env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' } });
  // It decides what a signal ends. A terminal sends it one of its own.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  const [code] = (await once(child, 'exit')) as [number | null]; // `as`: what Node documents of this event
  process.exitCode = code ?? EXIT.failure;
}
