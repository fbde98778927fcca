import { CommanderError } from '@commander-js/extra-typings';
import { createProgram } from './program';
import { EXIT, failureOf } from './terminal/failure';
import { processPrinter } from './terminal/printer';

export { residentBundle, workerBundle } from '../launcher/bundle';
export { checkoutCommit } from '../launcher/package';

/** Exits silently if the reader of our output is gone, as with `head`: that is not a failure. */
function leaveQuietly(error: Error & { code?: string }): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

/**
 * Runs the command line.
 *
 * @param words Arguments after the name of the program.
 * @returns Exit code, one of {@link EXIT}; for `exec`, that of the child process.
 */
export async function main(words: string[]): Promise<number> {
  process.stdout.on('error', leaveQuietly);
  const printer = processPrinter();
  if (words.length === 0) {
    printer.error('rollcall needs a command, such as: rollcall serve', 'See: rollcall --help');
    return EXIT.usage;
  }
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    // The parser has already printed the error or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    printer.error(failure.message, failure.advice);
    return failure.exitCode;
  }
}
