import { BackupError } from '../../backup/backup-error';
import type { FieldError } from '../../client/wire/rollcall-error';
import { RollcallError } from '../../client/wire/rollcall-error';
import { LaunchError } from '../../launcher/launch-error';
import { optionMessage } from './option-errors';

/** Exit codes, stable for scripts. 124 is also the exit code of `timeout`. */
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

/** Exit codes by the registry's error codes. Unknown codes of a newer registry are general failures. */
const BY_CODE: Readonly<Record<string, ExitCode>> = {
  INVALID_REQUEST: EXIT.usage,
  PAYLOAD_TOO_LARGE: EXIT.usage,
  NAMESPACE_NOT_FOUND: EXIT.notFound,
  SERVICE_NOT_FOUND: EXIT.notFound,
  INSTANCE_NOT_FOUND: EXIT.notFound,
  ENTRY_NOT_FOUND: EXIT.notFound,
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

/** Codes, for `--json`, of failures that the registry did not report. */
const BY_EXIT_CODE: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: 'OK',
  [EXIT.failure]: 'FAILED',
  [EXIT.usage]: 'USAGE',
  [EXIT.notFound]: 'NOT_FOUND',
  [EXIT.denied]: 'DENIED',
  [EXIT.conflict]: 'CONFLICT',
  [EXIT.unreachable]: 'UNREACHABLE',
  [EXIT.timedOut]: 'DEADLINE_EXCEEDED',
};

/** Returns the exit code for an error code. */
export function exitCodeOf(code: string): ExitCode {
  return Object.hasOwn(BY_CODE, code) ? (BY_CODE[code] ?? EXIT.failure) : EXIT.failure;
}

/** Failure of a command, with a message for the user and advice. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  /** Code for programs: that of the registry, or one of the command line. */
  readonly code: string;
  /** Advice on what to do next: a sentence, or a command. */
  readonly advice: string | undefined;

  constructor(exitCode: ExitCode, message: string, advice?: string, options: ErrorOptions & { code?: string } = {}) {
    super(message, options);
    this.exitCode = exitCode;
    this.code = options.code ?? BY_EXIT_CODE[exitCode];
    this.advice = advice;
  }
}

/** Outcome of a failed command, for users and for scripts. */
export interface Failure {
  exitCode: ExitCode;
  code: string;
  message: string;
  /** Advice on what to do next. */
  advice?: string | undefined;
  /** Invalid members of the request, as the registry names them. */
  errors?: readonly FieldError[] | undefined;
}

const ADVICE: Partial<Record<ExitCode, string>> = {
  [EXIT.notFound]: 'List what exists: rollcall ls',
  [EXIT.denied]: 'See which token was used: rollcall doctor',
  [EXIT.unreachable]: 'Diagnose it with rollcall doctor.',
  [EXIT.timedOut]: 'Allow more time with --timeout, or diagnose it with rollcall doctor.',
};

/** Advice for codes that are more specific than their exit code. */
const ADVICE_BY_CODE: Readonly<Record<string, string>> = {
  INSTANCE_NOT_FOUND: 'List the instances of the service: rollcall ls <service>',
  NAMESPACE_NOT_FOUND: 'List the namespaces: rollcall ns ls',
  TOKEN_NOT_FOUND: 'List the tokens: rollcall token ls',
  ENTRY_NOT_FOUND: 'List the entries: rollcall kv ls',
  LEASE_NOT_FOUND: 'List the leases: rollcall lease ls',
  REVISION_MISMATCH: 'Another change was made first: check it, then try again.',
};

/** A part of a message about the HTTP API, which users of commands don't call. */
const API_HINT = /; [^;]*(?:GET|PUT|POST|PATCH|DELETE) \/api[^;]*$/;

const asSentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** Formats a message as a sentence. Invalid values are named by their options, one per line if there are several. */
function sentence({ detail, errors }: RollcallError): string {
  const [first, ...more] = errors.map(optionMessage);
  if (first === undefined) return asSentence(detail.replace(API_HINT, ''));
  if (more.length === 0) return asSentence(first);
  return ['These values are not valid:', ...[first, ...more].map((message) => `  ${message}`)].join('\n');
}

/** Maps an error to the failure of a command; undefined for a defect of ours, which shows its stack. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof CliError) return error;
  if (error instanceof LaunchError || error instanceof BackupError) {
    const exitCode = error instanceof LaunchError ? error.exitCode : EXIT.failure;
    return { exitCode, code: BY_EXIT_CODE[exitCode], message: error.message };
  }
  if (!(error instanceof RollcallError)) return undefined;
  // The cause of an abort is more specific.
  if (error.cause instanceof CliError) return error.cause;
  const { code, errors } = error;
  const exitCode = exitCodeOf(code);
  return { exitCode, code, message: sentence(error), advice: ADVICE_BY_CODE[code] ?? ADVICE[exitCode], errors };
}
