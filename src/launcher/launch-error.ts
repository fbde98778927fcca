/**
 * Why the registry could not be started or kept running, told to the person at the terminal: what was wrong, with
 * which value, and what to do. Anything else that reaches the terminal is a defect of ours, and shows its stack.
 */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  /** 2 for a command that was written wrongly, 1 for everything else. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The code of a system error, such as `EACCES`; undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
