import { DEFAULT_LOG_THRESHOLD, isLogged, type LogLevel, logLine, logThreshold } from '../../model/log';

/** What the core tells the operator, as lines of the log, down to the level that is asked for. */
export function operatorLog({ ROLLCALL_LOG_LEVEL }: Env) {
  const threshold = logThreshold(ROLLCALL_LOG_LEVEL) ?? DEFAULT_LOG_THRESHOLD;
  return (level: LogLevel, message: string, facts?: Record<string, unknown>): void => {
    if (isLogged(level, threshold)) console[level](logLine(Date.now(), level, message, facts));
  };
}
