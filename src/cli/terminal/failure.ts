import { BackupError } from '../../backup/backup-error';
import { RollcallError } from '../../client/wire/rollcall-error';
import { LaunchError } from '../../launcher/launch-error';

/** How a command ends, for scripts: the same number always means the same. 124 is the number that `timeout` gives. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  unreachable: 6,
  timedOut: 124,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Exit codes of the registry's refusals. A code of a newer registry is a failure like any other. */
const BY_CODE: Readonly<Record<string, ExitCode>> = {
  INVALID_REQUEST: EXIT.usage,
  PAYLOAD_TOO_LARGE: EXIT.usage,
  NAMESPACE_NOT_FOUND: EXIT.notFound,
  SERVICE_NOT_FOUND: EXIT.notFound,
  INSTANCE_NOT_FOUND: EXIT.notFound,
  LEASE_NOT_FOUND: EXIT.notFound,
  TOKEN_NOT_FOUND: EXIT.notFound,
  UNAUTHENTICATED: EXIT.denied,
  FORBIDDEN: EXIT.denied,
  CONFLICT: EXIT.conflict,
  REVISION_MISMATCH: EXIT.conflict,
  UNREACHABLE: EXIT.unreachable,
  UNAVAILABLE: EXIT.unreachable,
  NOT_CONFIGURED: EXIT.unreachable,
  DEADLINE_EXCEEDED: EXIT.timedOut,
};

/** The exit code for a refusal, by its code. */
export function exitCodeOf(code: string): ExitCode {
  return Object.hasOwn(BY_CODE, code) ? (BY_CODE[code] ?? EXIT.failure) : EXIT.failure;
}

/** Why a command could not do what it should: told to the person at the terminal, with what to do next. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  /** Advice on what to do next: a sentence, or a command. */
  readonly advice: string | undefined;

  constructor(exitCode: ExitCode, message: string, advice?: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
    this.advice = advice;
  }
}

/** A failed command, for the person at the terminal and for scripts. */
export interface Failure {
  exitCode: ExitCode;
  message: string;
  /** Advice on what to do next. */
  advice?: string | undefined;
}

const ADVICE: Partial<Record<ExitCode, string>> = {
  [EXIT.notFound]: 'See what there is: rollcall ls',
  [EXIT.denied]: 'See which token was sent, and where it was taken from: rollcall doctor',
  [EXIT.unreachable]: 'Look into it: rollcall doctor; or start a registry on this machine: rollcall serve',
  [EXIT.timedOut]: 'Give it more time with --timeout, or look into it: rollcall doctor',
};

/** Where a code says more than its exit code. */
const ADVICE_BY_CODE: Readonly<Record<string, string>> = {
  NAMESPACE_NOT_FOUND: 'See what there is: rollcall ns ls',
  TOKEN_NOT_FOUND: 'See what there is: rollcall token ls',
  REVISION_MISMATCH: 'Look at it again, and repeat: somebody changed it meanwhile.',
};

/** A message as a sentence, with each member of a request that was wrong where there are several. */
function sentence({ detail, errors }: RollcallError): string {
  const text = `${detail.charAt(0).toUpperCase()}${detail.slice(1)}${/[.!?]$/.test(detail) ? '' : '.'}`;
  const members = errors.length > 1 ? errors.map(({ path, message }) => `  ${path}: ${message}`) : [];
  return [text, ...members].join('\n');
}

/** Maps an error to the failure of a command; undefined for a defect of ours, which shows its stack. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof CliError) return error;
  if (error instanceof LaunchError) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof BackupError) return { exitCode: EXIT.failure, message: error.message };
  if (!(error instanceof RollcallError)) return undefined;
  // The cause of an abort says more than that the call was stopped.
  if (error.cause instanceof CliError) return error.cause;
  const exitCode = exitCodeOf(error.code);
  return { exitCode, message: sentence(error), advice: ADVICE_BY_CODE[error.code] ?? ADVICE[exitCode] };
}
