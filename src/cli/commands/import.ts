import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Argument, Option } from '@commander-js/extra-typings';
import type { ImportDifference, ImportDone } from '../../client/transfer-answers';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-code';
import { FileMeter } from '../file-meter';
import { connect } from '../registry';
import { registryCommand } from '../registry-command';

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
    .action(async (file, { mode, dryRun = false, ...options }) => {
      const { registry, print, place } = connect(options);
      const meter = new FileMeter(print.err, 'sending', file === STDIN ? undefined : await lengthOf(file));
      const shown: ImportDifference[] = [];
      const body = Readable.toWeb(
        file === STDIN ? process.stdin : createReadStream(file),
      ) as ReadableStream<Uint8Array>; // `as`: Node's type of the same thing
      const done = await registry
        .importNamespace({
          mode,
          dryRun,
          body: body.pipeThrough(meter.through()),
          timeoutMs: options.timeout,
          onProgress: (progress) => meter.applied(progress.done, progress.of),
          onDifference: (difference) => {
            if (print.json) print.event(difference, []);
            else if (shown.length < SHOWN_MAX_COUNT) shown.push(difference);
          },
        })
        .finally(() => meter.end());
      const differences = done.added + done.changed + done.removed;
      const more = differences - shown.length;
      if (dryRun && !print.json) for (const difference of shown) print.answer(difference, differenceLine(difference));
      if (dryRun && more > 0 && !print.json) print.note(`and ${more} more; --json shows all`);
      if (print.json) print.event(done, []);
      else print.answer(done, doneLine(done, place.namespace));
    });
}

async function lengthOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `The file can not be read: ${reason}.`, 'Check its name.');
  }
}

function differenceLine({ change, record, group, service, id }: ImportDifference): string {
  const what = `${group}@@${service}${id === undefined ? '' : `/${id}`}`;
  return `${SIGNS[change]} ${record} ${what}`;
}

function doneLine({ added, changed, removed, unchanged, dryRun, revision }: ImportDone, namespace: string): string {
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  return dryRun
    ? `Nothing was changed. It would be: ${counts}.`
    : `Imported into namespace ${namespace}: ${counts}; it is at revision ${revision}.`;
}
