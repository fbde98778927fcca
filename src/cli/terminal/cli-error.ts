import type { ExitCode } from './exit-code';

/** Why a command could not do what it should: told to the person at the terminal, with what to do next. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  /** What to do next: a sentence, or a command. */
  readonly advice: string | undefined;

  constructor(exitCode: ExitCode, message: string, advice?: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
    this.advice = advice;
  }
}
