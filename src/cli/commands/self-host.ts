import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { Manifest } from '../../backup/manifest';
import { checkBackup, restoreBackup } from '../../backup/restore-backup';
import { canCopyDatabases } from '../../backup/sqlite';
import { takeBackup } from '../../backup/take-backup';
import { PACKAGE_ROOT, packageVersion } from '../../launcher/package';
import { DENO_OPTIONS, NODE_OPTIONS } from '../../launcher/resident-command';
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
  ROLLCALL_ROOT_TOKEN  the root token, at least 32 characters (default: created
                       on the first start, and kept in the data folder as
                       root-token)

See docs/self-host.md.`;

/** Returns the command `rollcall serve`. */
export function serveCommand() {
  return new Command('serve')
    .summary('run the registry on this machine')
    .description('Runs the registry on this machine until it is stopped (Ctrl-C or SIGTERM).')
    .option('--port <port>', 'port to listen on; 0 for any free port (default 8787, or PORT)')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--data <folder>', 'folder for all data; created if missing (default data, or ROLLCALL_DATA)')
    .option(
      '--cors-origin <origin>',
      'origin of web pages that may call the registry; may be repeated (default none, or ROLLCALL_CORS_ORIGINS)',
      (origin: string, others: string[] | undefined) => [...(others ?? []), origin],
    )
    .option(
      '--namespace-domain <domain>',
      'dialect clients reach a namespace at <namespace>.<domain> (default none, or ROLLCALL_NAMESPACE_DOMAIN)',
    )
    .option('--tls-cert <file>', 'certificate chain in PEM; enables HTTPS (or ROLLCALL_TLS_CERT)')
    .option('--tls-key <file>', 'private key of the certificate, in PEM (or ROLLCALL_TLS_KEY)')
    .option(
      '--trusted-proxy',
      "take the caller's address from X-Forwarded-For, set by a proxy (or ROLLCALL_TRUSTED_PROXY=true)",
    )
    .option(
      '--log-level <level>',
      'off, error, warn, or info, which logs each request (default warn, or ROLLCALL_LOG_LEVEL)',
    )
    .option(
      '--consul-port <port>',
      'also listen on this port for clients of Consul, and run their checks (default none, or ROLLCALL_CONSUL_PORT)',
    )
    .option(
      '--etcd-port <port>',
      'also listen on this port for clients of etcd, by gRPC and JSON; usually 2379 (default none, or ROLLCALL_ETCD_PORT)',
    )
    .option(
      '--etcd-client-ca <file>',
      "authority of the certificates that etcd's clients must have, in PEM (default none, or ROLLCALL_ETCD_CLIENT_CA)",
    )
    .option(
      '--nacos-port <port>',
      'also listen on this port for clients of Nacos, usually 8848, and 1000 above it for their gRPC (default none, or ROLLCALL_NACOS_PORT)',
    )
    .option('--print-command', 'print the command of the process with its permissions, such as for systemd, and exit')
    .addHelpText('after', ENVIRONMENT)
    .action(({ printCommand: isPrinted, ...flags }) =>
      isPrinted === true ? printCommand(flags) : serve(parseServeOptions(flags, process.env)),
    );
}

const BACKUP_NOTE = `
The folder contains the audit trail and digests of all tokens but the root
token: keep it private. Restore it with: rollcall restore <folder>
See docs/backup.md.`;

/** Returns the command `rollcall backup`, which copies the data folder of a registry on this machine. */
export function backupCommand() {
  return new Command('backup')
    .summary('back up the registry on this machine, running or stopped')
    .description(
      'Copies all data of the registry on this machine into a new folder, whether it runs or not. Each namespace is ' +
        'copied as of one moment.',
    )
    .argument('<folder>', 'folder to create')
    .option('--data <folder>', 'data folder of the registry (default data, or ROLLCALL_DATA)')
    .option('--json', 'print JSON')
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
      print.answer({ folder, ...manifest }, `backed up ${from} to ${folder}`, backupView(manifest));
    });
}

const RESTORE_NOTE = `
The next start creates a root token if there is none; all other tokens stay
valid. Watches receive \`reset\` and start over; instances that keep renewing
stay. See docs/backup.md.`;

/** Returns the command `rollcall restore`, which turns a backup into a data folder. */
export function restoreCommand() {
  return new Command('restore')
    .summary('restore a backup into a data folder on this machine')
    .description(
      'Verifies a backup and copies it into the data folder of a registry on this machine, which must be stopped. After an ' +
        'interrupted restore the registry does not start until the restore is run again.',
    )
    .argument('<folder>', 'folder of the backup')
    .option('--data <folder>', 'data folder; created if missing (default data, or ROLLCALL_DATA)')
    .option('--force', 'set aside the data that is already there')
    .option('--check', 'only verify the backup')
    .option('--json', 'print JSON')
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
        return print.answer({ folder, ...manifest }, `${folder} is a valid backup`, backupView(manifest));
      }
      const { manifest, setAside } = await restoreBackup(options).finally(() => bar.end());
      const kept =
        setAside === null ? [] : [`the previous data is in ${setAside}; delete it when you no longer need it`];
      print.answer({ data: to, setAside, ...manifest }, `restored ${folder} to ${to}`, backupView(manifest), ...kept);
    });
}

/** Shows the content of a backup. */
function backupView({ version, startedAt, namespaces }: Manifest): Table {
  return fieldTable([
    ['made', `${startedAt} by Rollcall ${version}`],
    ['namespaces', namespaces.map(({ id }) => id).join(' ') || 'none has any data yet'],
  ]);
}

/** Arguments of Deno for a backup or restore, which read and write files and use no network. */
const DENO_WORDS = ['run', ...DENO_OPTIONS, '--allow-read', '--allow-write', '--allow-env', '--allow-sys'];

/**
 * Runs the command line again on the runtime of the registry: it also supports older versions of Node, which can't copy
 * databases.
 *
 * @throws {LaunchError} If there is no such runtime; the message says how to get one.
 */
async function runAgain(words: readonly string[]): Promise<void> {
  const { name, program } = findRuntime();
  const before = name === 'deno' ? DENO_WORDS : NODE_OPTIONS;
  const args = [...before, join(PACKAGE_ROOT, 'bin', 'rollcall.js'), ...words];
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' } });
  // The child decides how to handle a signal. A terminal also sends signals to it directly.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  const [code] = (await once(child, 'exit')) as [number | null]; // `as`: what Node documents of this event
  process.exitCode = code ?? EXIT.failure;
}
