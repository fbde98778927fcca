import { CommanderError } from '@commander-js/extra-typings';
import { createProgram } from './program';
import { CliError, EXIT, failureOf } from './terminal/failure';
import { processPrinter } from './terminal/printer';

export { residentBundle, workerBundle } from '../launcher/bundle';
export { checkoutCommit } from '../launcher/package';

/** Exits silently if the reader of our output is gone, as with `head`: that is not a failure. */
function leaveQuietly(error: Error & { code?: string }): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

/** Reports whether the arguments ask for JSON. Those after `--` belong to another program. */
const wantsJson = (words: readonly string[]): boolean =>
  words.slice(0, words.includes('--') ? words.indexOf('--') : undefined).includes('--json');

/**
 * Runs the command line.
 *
 * @param words Arguments after the name of the program.
 * @returns Exit code, one of {@link EXIT}; for `exec`, that of the child process.
 */
export async function main(words: string[]): Promise<number> {
  process.stdout.on('error', leaveQuietly);
  const printer = processPrinter({ json: wantsJson(words) });
  /** Text of the parser about an error: a line with the message, then advice; or the help. */
  let usage = '';
  try {
    if (words.length === 0) {
      throw new CliError(EXIT.usage, 'rollcall needs a command, such as: rollcall serve', 'See: rollcall --help');
    }
    await createProgram((text) => {
      usage += text;
    }).parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    if (error instanceof CommanderError && error.code === 'commander.help' && !printer.json) {
      process.stderr.write(usage);
      return EXIT.usage;
    }
    const failure = error instanceof CommanderError ? usageFailure(usage) : failureOf(error);
    if (failure === undefined) throw error;
    printer.error(failure);
    return failure.exitCode;
  }
}

/** Returns the failure that the parser described. */
function usageFailure(text: string): CliError {
  const [message = '', ...advice] = text.trimEnd().split('\n');
  return new CliError(EXIT.usage, message, advice.length > 0 ? advice.join('\n') : undefined);
}
