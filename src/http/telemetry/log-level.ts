import { quote, RegistryError } from '../../model/errors';
import { LOG_THRESHOLDS, logThreshold } from '../../model/log';

/** What is wrong with the level of the log, as the refusal of every request; undefined where nothing is. */
export function logLevelProblem(text: string | null | undefined): RegistryError | undefined {
  if (logThreshold(text) !== undefined) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_LOG_LEVEL is ${quote(text ?? '')}, which is no level; write ${LOG_THRESHOLDS.join(', ')}, or leave it out`,
  );
}
