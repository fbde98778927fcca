import { RegistryError } from '../../model/errors';

/** Returns the error of a call that timed out. Its change may still be applied. */
function tooLate(maxMs: number): RegistryError {
  return new RegistryError(
    'DEADLINE_EXCEEDED',
    `no response within ${maxMs / 1_000} s; a change may or may not have been applied: read before you repeat it`,
  );
}

/**
 * Waits for a call, up to a timeout. The call itself continues and may still take effect.
 *
 * @param late Creates the error that is thrown after the timeout.
 * @throws {RegistryError} `DEADLINE_EXCEEDED`, or the error that `late` creates.
 */
export async function withDeadline<T>(call: Promise<T>, maxMs: number, late = tooLate): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late(maxMs)), maxMs);
  try {
    return await Promise.race([call, end]);
  } finally {
    clearTimeout(timer);
  }
}
