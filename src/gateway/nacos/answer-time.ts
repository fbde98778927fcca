import { RollcallError } from '../../client/wire/rollcall-error';
import { NACOS_ANSWER_MAX_MS } from '../../model/limits';
import { within } from '../grpc/within';

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
