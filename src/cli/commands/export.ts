import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { Argument } from '@commander-js/extra-typings';
import type { FileCounts } from '../../client/transfer-answers';
import { FileMeter } from '../file-meter';
import { connect } from '../registry';
import { registryCommand } from '../registry-command';

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
      const exported = await registry.exportNamespace({ timeoutMs: options.timeout, onEnd });
      const body = exported.pipeThrough(meter.through());
      await (file === STDOUT ? toStdout(body) : toFile(body, file)).finally(() => meter.end());
      const { rate, text } = meter.summary(counts);
      if (file === STDOUT) print.note(`Exported ${text} of namespace ${place.namespace}, ${rate}.`);
      else print.answer({ file, ...counts, bytes: meter.bytes }, `Exported ${text} to ${file}, ${rate}.`);
    });
}

async function toStdout(body: ReadableStream<Uint8Array>): Promise<void> {
  await body.pipeTo(Writable.toWeb(process.stdout), { preventClose: true });
}

async function toFile(body: ReadableStream<Uint8Array>, file: string): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await body.pipeTo(Writable.toWeb(createWriteStream(partial)));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
