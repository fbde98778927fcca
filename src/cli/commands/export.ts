import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { Argument } from '@commander-js/extra-typings';
import type { FileCounts } from '../../client/wire/transfer-answers';
import { connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { CliError } from '../terminal/cli-error';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import { FileMeter } from '../terminal/file-meter';

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
  const handle = await openFile(partial);
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

async function openFile(file: string): Promise<FileHandle> {
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
