/**
 * An error for the terminal: the registry could not be started or kept running. The message says what was wrong, with which
 * value, and what to do. Any other error that reaches the terminal is a bug, and is printed with its stack.
 */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  /** 2 for wrong arguments, 1 for everything else. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Returns the code of a system error, such as `EACCES`; undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
