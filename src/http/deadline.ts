import { RegistryError } from '../model/errors';

/**
 * Waits for a call, and gives up after a time. The call itself goes on: it may still take effect.
 *
 * @throws {RegistryError} `DEADLINE_EXCEEDED`.
 */
export async function withDeadline<T>(call: Promise<T>, maxMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `no answer came within ${maxMs / 1_000} s; a change may have been made or not: read before you repeat it`;
    reject(new RegistryError('DEADLINE_EXCEEDED', message));
  }, maxMs);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
