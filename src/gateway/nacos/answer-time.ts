import { RollcallError } from '../../client/wire/rollcall-error';
import { NACOS_ANSWER_MAX_MS } from '../../model/limits';

/** Waits for a promise, but no longer than a time. Returns false if it is not settled by then. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for the registry, as long as clients wait for an answer: they repeat their request after that.
 *
 * @param trouble Returns the reason why there is none, if it is known.
 * @throws {RollcallError} That reason, or `UNREACHABLE`.
 */
export async function inAnswerTime<T>(
  answer: Promise<T>,
  trouble: () => RollcallError | undefined = () => undefined,
): Promise<T> {
  if (await within(answer, NACOS_ANSWER_MAX_MS)) return answer;
  throw trouble() ?? new RollcallError('UNREACHABLE', 'the registry does not answer');
}
