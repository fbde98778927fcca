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

/** What each refusal of the registry comes to. A code of a newer registry is a failure like any other. */
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
