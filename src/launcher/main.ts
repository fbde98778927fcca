import { LaunchError } from './launch-error';
import { packageVersion } from './package';
import { serve } from './serve';
import { usageError } from './serve-options';

export { registryBundle } from './bundle';

const HELP = `Rollcall, a service registry.

Usage: rollcall <command> [options]

Commands:
  serve    run the registry on this machine

Options:
  -h, --help      show this, or the options of a command
  -v, --version   show the version
`;

async function run(words: string[]): Promise<void> {
  const [command, ...rest] = words;
  switch (command) {
    case 'serve':
      return serve(rest);
    case '-h':
    case '--help':
    case 'help':
      process.stdout.write(HELP);
      return;
    case '-v':
    case '--version':
      process.stdout.write(`${packageVersion()}\n`);
      return;
    case undefined:
      throw usageError('rollcall needs a command, such as: rollcall serve');
    default: {
      const kind = command.startsWith('-') ? 'option' : 'command';
      throw usageError(`rollcall has no ${kind} ${JSON.stringify(command)}.`);
    }
  }
}

/**
 * The command line.
 *
 * @param words Arguments after the name of the program.
 * @returns Exit code: 0 for a command that did what it should, 1 for one that could not, 2 for one written wrongly.
 */
export async function main(words: string[]): Promise<number> {
  try {
    await run(words);
    return 0;
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}
