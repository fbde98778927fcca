import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';

/** By the custom of shells a process that a signal ended has this plus the signal's number. */
const SIGNALLED = 128;

/** A command that runs, with the terminal of this process. */
export interface ChildCommand {
  /** Sends it a signal; nothing where it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves to its exit code, 128 plus the signal's number where one ended it. */
  ended: Promise<number>;
}

function startFailure(command: string, error: NodeJS.ErrnoException): CliError {
  const reason =
    error.code === 'ENOENT'
      ? 'there is no such command'
      : error.code === 'EACCES'
        ? 'it may not be run'
        : error.message;
  return new CliError(EXIT.failure, `${command} can't be started: ${reason}.`);
}

/**
 * Starts a command in the process group and with the streams of this process.
 *
 * @throws {CliError} if it can't be started.
 */
export async function startCommand(command: string, words: readonly string[]): Promise<ChildCommand> {
  const child: ChildProcess = spawn(command, words, { stdio: 'inherit' });
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? EXIT.failure) : SIGNALLED + constants.signals[signal]);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(startFailure(command, error)));
  });
  child.on('error', () => {
    // A signal that could not be sent: the process has ended.
  });
  return { kill: (signal) => void child.kill(signal), ended };
}
