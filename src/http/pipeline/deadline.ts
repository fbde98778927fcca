import { RegistryError } from '../../model/errors';

/** What is told of a call to a namespace: it may be done yet. */
function tooLate(maxMs: number): RegistryError {
  return new RegistryError(
    'DEADLINE_EXCEEDED',
    `no answer came within ${maxMs / 1_000} s; a change may have been made or not: read before you repeat it`,
  );
}

/**
 * Waits for a call, and gives up after a time. The call itself goes on: it may still take effect.
 *
 * @param late What is thrown then.
 * @throws {RegistryError} `DEADLINE_EXCEEDED`, or what `late` makes.
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
