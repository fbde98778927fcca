import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { Argument, Option } from '@commander-js/extra-typings';
import type { FileCounts, ImportDifference, ImportDone, ImportMode } from '../../client/wire/transfer-answers';
import { joinedName } from '../../model/service-name';
import { type Connection, connect, registryCommand } from '../connection/registry';
import { canAsk, confirm } from '../terminal/confirm';
import { CliError, EXIT, type ExitCode } from '../terminal/failure';
import { FileMeter } from '../terminal/progress';

/** What stands for standard output. */
const STDOUT = '-';

/** `rollcall export`: a namespace as a file. */
export function exportCommand() {
  return registryCommand('export')
    .summary('write a namespace to a file')
    .description(
      'Writes everything that a namespace holds to a file, a JSON value in each line: services, overrides and instances, ' +
        'all as they are at one moment. See docs/export.md. A file has its name only once it is whole.',
    )
    .addArgument(new Argument('[file]', 'where to; - or nothing: standard output').default(STDOUT))
    .action(async (file, options) => {
      const { registry, print, place } = connect(options);
      const meter = new FileMeter(print.err, 'exporting');
      let counts: FileCounts = { services: 0, overrides: 0, instances: 0 };
      const onEnd = ({ services, overrides, instances }: FileCounts) => {
        counts = { services, overrides, instances };
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

/** Begins to read what is exported. */
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
    throw isOfSystem(error) ? notWritten(error, EXIT.failure) : error;
  } finally {
    await handle.close();
  }
}

async function openTarget(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w');
  } catch (error) {
    throw isOfSystem(error) ? notWritten(error, EXIT.usage) : error;
  }
}

/** What Node throws where the system refuses: of files here, as the registry's troubles have a name of ours. */
const isOfSystem = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;

const notWritten = ({ message }: Error, exitCode: ExitCode): CliError =>
  new CliError(exitCode, `The file can not be written: ${message}.`, 'Check its name, and the disk.');

/** What stands for standard input. */
const STDIN = '-';

/** Differences that people are shown; programs get them all. */
const SHOWN_MAX_COUNT = 20;

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

/** `rollcall import`: a file into a namespace. */
export function importCommand() {
  return registryCommand('import')
    .summary('take a file into a namespace')
    .description(
      'Takes a file that `rollcall export` wrote into a namespace. Nothing changes before all of the file has come and is ' +
        'right; then it is applied to its end, also where this command is interrupted: the same file may be sent again.',
    )
    .addArgument(new Argument('<file>', 'the file; -: standard input'))
    .addOption(
      new Option('--mode <mode>', 'merge: put what is in the file, leave the rest; replace: become what the file says')
        .choices(['merge', 'replace'] as const)
        .makeOptionMandatory(),
    )
    .option('--dry-run', 'only tell what would be different')
    .option('--yes', 'do not ask before a replace')
    .action(async (file, { mode, dryRun = false, yes, ...options }) => {
      const connection = connect(options);
      const { print, place } = connection;
      const send = (more: Partial<Sending>) =>
        sendFile(connection, { file, mode, dryRun, timeoutMs: options.timeout, onDifference: () => {}, ...more });
      if (mode === 'replace' && !dryRun && yes !== true) {
        const terminal = { input: process.stdin, output: process.stderr };
        // What comes by standard input comes once.
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

/** How a file is sent. */
interface Sending {
  file: string;
  mode: ImportMode;
  dryRun: boolean;
  timeoutMs: number | undefined;
  onDifference: (difference: ImportDifference) => void;
}

async function sendFile({ registry, print }: Connection, { file, ...asked }: Sending): Promise<ImportDone> {
  const opened = file === STDIN ? undefined : await openSource(file);
  const meter = new FileMeter(print.err, 'sending', opened?.bytes);
  const source = opened === undefined ? process.stdin : opened.handle.createReadStream();
  const body = Readable.toWeb(source) as ReadableStream<Uint8Array>; // `as`: Node's type of the same thing
  try {
    return await registry.importNamespace({
      ...asked,
      body: body.pipeThrough(meter.through()),
      onProgress: (progress) => meter.applied(progress.done, progress.of),
    });
  } finally {
    meter.end();
    if (opened !== undefined) source.destroy();
  }
}

/** A file to be read, and how long it is. */
async function openSource(file: string): Promise<{ handle: FileHandle; bytes: number }> {
  try {
    const handle = await open(file);
    const stats = await handle.stat();
    if (!stats.isDirectory()) return { handle, bytes: stats.size };
    await handle.close();
    throw new Error('it is a folder');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `The file can not be read: ${reason}.`, 'Check its name.');
  }
}

function replaceQuestion(namespace: string, file: string, wouldBe: ImportDone | undefined): string {
  const what = `Replace all that namespace ${namespace} holds by what ${file === STDIN ? 'comes' : file} says`;
  if (wouldBe === undefined) return `${what}, and remove what it does not have?`;
  const { added, changed, removed, unchanged } = wouldBe;
  return `${what}: ${removed} removed, ${changed} changed, ${added} added, ${unchanged} unchanged?`;
}

function differenceLine({ change, record, group, service, id }: ImportDifference): string {
  const what = `${joinedName({ group, service })}${id === undefined ? '' : `/${id}`}`;
  return `${SIGNS[change]} ${record} ${what}`;
}

function doneLine({ added, changed, removed, unchanged, dryRun, revision }: ImportDone, namespace: string): string {
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  return dryRun
    ? `Nothing was changed. It would be: ${counts}.`
    : `Imported into namespace ${namespace}: ${counts}; it is at revision ${revision}.`;
}
