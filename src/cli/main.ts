import { CommanderError } from '@commander-js/extra-typings';
import { createProgram } from './program';
import { EXIT, failureOf } from './terminal/failure';
import { processPrinter } from './terminal/printer';

export { residentBundle, workerBundle } from '../launcher/bundle';
export { checkoutCommit } from '../launcher/package';

/** Whoever read what we print has gone, as `head` does: there is nothing left to say, and nothing has failed. */
function leaveQuietly(error: Error & { code?: string }): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

/**
 * The command line.
 *
 * @param words Arguments after the name of the program.
 * @returns Exit code, as {@link EXIT} names them; that of its child for `exec`.
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
    // The parser has said it already: what was wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    printer.error(failure.message, failure.advice);
    return failure.exitCode;
  }
}
