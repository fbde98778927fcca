import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import { Argument } from '@commander-js/extra-typings';
import type { FileCounts, ImportDifference, ImportDone, ImportMode } from '../../client/wire/transfer-answers';
import { joinedName } from '../../model/service-name';
import { type Connection, connect, registryCommand } from '../connection/registry';
import { canAsk, confirm } from '../terminal/confirm';
import { CliError, EXIT, type ExitCode } from '../terminal/failure';
import { keyText } from '../terminal/phrases';
import { FileMeter } from '../terminal/progress';

/** File name for standard output. */
const STDOUT = '-';

/** `rollcall export`: writes a namespace to a file. */
export function exportCommand() {
  return registryCommand('export')
    .summary('write a namespace to a file')
    .description(
      'Writes a snapshot of a namespace to a file, one JSON value per line: services, overrides, instances and ' +
        'entries. The file name ends in .partial until it is complete. See docs/export.md.',
    )
    .addArgument(new Argument('[file]', 'file to write, or - for standard output').default(STDOUT))
    .action(async (file, options) => {
      const { registry, print, place } = connect(options);
      const meter = new FileMeter(print.err, 'exporting');
      let counts: FileCounts = { services: 0, overrides: 0, instances: 0, entries: 0 };
      const onEnd = ({ services, overrides, instances, entries }: FileCounts) => {
        counts = { services, overrides, instances, entries };
      };
      const read = async () => {
        const exported = await registry.exportNamespace({ timeoutMs: options.timeout, onEnd });
        return exported.pipeThrough(meter.through());
      };
      await (file === STDOUT ? toStdout(read) : toFile(read, file)).finally(() => meter.end());
      const { rate, text } = meter.summary(counts);
      if (file === STDOUT) print.note(`Exported ${text} of namespace ${place.namespace}, ${rate}.`);
      else print.answer({ file, ...counts, bytes: meter.bytes }, `Exported ${text} to ${file}, ${rate}.`);
    });
}

/** Starts an export. */
type Read = () => Promise<ReadableStream<Uint8Array>>;

async function toStdout(read: Read): Promise<void> {
  await (await read()).pipeTo(Writable.toWeb(process.stdout), { preventClose: true });
}

async function toFile(read: Read, file: string): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await openTarget(partial);
  try {
    await (await read()).pipeTo(Writable.toWeb(handle.createWriteStream()));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw isOfSystem(error) ? notWritten(partial, error, EXIT.failure) : error;
  } finally {
    await handle.close();
  }
}

async function openTarget(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w');
  } catch (error) {
    throw isOfSystem(error) ? notWritten(file, error, EXIT.usage) : error;
  }
}

/** Reports whether an error comes from a system call, here on a file: errors of the registry have their own class. */
const isOfSystem = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;

const notWritten = (file: string, error: Error, exitCode: ExitCode): CliError =>
  new CliError(exitCode, `Cannot write ${file}: ${reasonOf(error)}.`, 'Check its name, and the disk.');

/** Returns the reason of a failed system call, such as "no such file or directory", without its code and path. */
function reasonOf(error: unknown): string {
  const errno = error instanceof Error && 'errno' in error ? Number(error.errno) : Number.NaN;
  const [, reason] = getSystemErrorMap().get(errno) ?? [];
  return reason ?? (error instanceof Error ? error.message : String(error));
}

/** File name for standard input. */
const STDIN = '-';

/** Number of differences to show; `--json` shows all. */
const SHOWN_MAX_COUNT = 20;

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

/** `rollcall import`: imports a file into a namespace. */
export function importCommand() {
  return registryCommand('import')
    .summary('import a file into a namespace')
    .description(
      'Imports an exported file into a namespace. Nothing changes until the whole file has arrived and is valid; then it ' +
        'is applied to the end, even if this command is interrupted. It is safe to import a file again.',
    )
    .addArgument(new Argument('<file>', 'file to import, or - for standard input'))
    .option('--merge', 'keep records that are not in the file')
    .option('--replace', 'remove records that are not in the file')
    .option('--dry-run', 'only show the differences')
    .option('--yes', 'skip the confirmation of a replace')
    .action(async (file, { merge = false, replace = false, dryRun = false, yes, ...options }) => {
      if (merge === replace) {
        throw new CliError(EXIT.usage, 'Use either --merge or --replace.', 'See: rollcall import --help');
      }
      const mode: ImportMode = replace ? 'replace' : 'merge';
      const connection = connect(options);
      const { print, place } = connection;
      const send = (more: Partial<Sending>) =>
        sendFile(connection, { file, mode, dryRun, timeoutMs: options.timeout, onDifference: () => {}, ...more });
      if (replace && !dryRun && yes !== true) {
        const terminal = { input: process.stdin, output: process.stderr };
        // Standard input can only be read once.
        const wouldBe = file !== STDIN && canAsk(terminal) ? await send({ dryRun: true }) : undefined;
        await confirm(replaceQuestion(place.namespace, file, wouldBe), yes, terminal);
      }
      const shown: ImportDifference[] = [];
      const onDifference = (difference: ImportDifference) => {
        if (print.json) print.event(difference, []);
        else if (shown.length < SHOWN_MAX_COUNT) shown.push(difference);
      };
      const done = await send({ onDifference });
      const more = done.added + done.changed + done.removed - shown.length;
      if (dryRun && !print.json) for (const difference of shown) print.answer(difference, differenceLine(difference));
      if (dryRun && more > 0 && !print.json) print.note(`and ${more} more; --json shows all`);
      if (print.json) print.event(done, []);
      else print.answer(done, doneLine(done, place.namespace));
    });
}

/** Options of sending a file. */
interface Sending {
  file: string;
  mode: ImportMode;
  dryRun: boolean;
  timeoutMs: number | undefined;
  onDifference: (difference: ImportDifference) => void;
}

async function sendFile({ registry, print }: Connection, { file, ...options }: Sending): Promise<ImportDone> {
  const opened = file === STDIN ? undefined : await openSource(file);
  const meter = new FileMeter(print.err, 'sending', opened?.bytes);
  const source = opened === undefined ? process.stdin : opened.handle.createReadStream();
  const body = Readable.toWeb(source) as ReadableStream<Uint8Array>; // `as`: Node's type of the same thing
  try {
    return await registry.importNamespace({
      ...options,
      body: body.pipeThrough(meter.through()),
      onProgress: (progress) => meter.applied(progress.done, progress.of),
    });
  } finally {
    meter.end();
    if (opened !== undefined) source.destroy();
  }
}

/** Opens a file to read, and returns its size. */
async function openSource(file: string): Promise<{ handle: FileHandle; bytes: number }> {
  try {
    const handle = await open(file);
    const stats = await handle.stat();
    if (!stats.isDirectory()) return { handle, bytes: stats.size };
    await handle.close();
    throw new Error('it is a folder');
  } catch (error) {
    throw new CliError(EXIT.usage, `Cannot read ${file}: ${reasonOf(error)}.`, 'Check its name.');
  }
}

function replaceQuestion(namespace: string, file: string, wouldBe: ImportDone | undefined): string {
  const what = `Replace all of namespace ${namespace} with ${file === STDIN ? 'standard input' : file}`;
  if (wouldBe === undefined) return `${what}, and remove everything else?`;
  const { added, changed, removed, unchanged } = wouldBe;
  return `${what}: ${removed} removed, ${changed} changed, ${added} added, ${unchanged} unchanged?`;
}

function differenceLine({ change, record, group = '', service = '', id, key, keyBase64 }: ImportDifference): string {
  const sign = SIGNS[change];
  if (record === 'entry') return `${sign} entry ${keyText({ key, keyBase64 })}`;
  return `${sign} ${record} ${joinedName({ group, service })}${id === undefined ? '' : `/${id}`}`;
}

function doneLine({ added, changed, removed, unchanged, dryRun, revision }: ImportDone, namespace: string): string {
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  return dryRun
    ? `Dry run, nothing changed: ${counts}.`
    : `Imported into namespace ${namespace}: ${counts}; now at revision ${revision}.`;
}
