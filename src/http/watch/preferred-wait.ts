import { READ_WAIT_DEFAULT_MS, WAIT_MAX_MS } from '../../model/limits';

/** One `wait` among the preferences, in any case and with spaces where RFC 7240 takes them; its value is in seconds. */
const WAIT = /(?:^|,)\s*wait\s*(?:=\s*"?(\d{1,9})"?\s*)?(?=$|[,;])/i;

/**
 * How long a client would like a read to wait for a change: `Prefer: wait=30`, in milliseconds; undefined where it
 * says nothing of it. A preference may be met in part, so one that is too long counts as the longest that is possible,
 * and the answer says what was applied. Source: RFC 7240, section 4.3.
 */
export function preferredWaitMs(headers: Headers): number | undefined {
  const match = WAIT.exec(headers.get('prefer') ?? '');
  if (match === null) return undefined;
  return match[1] === undefined ? READ_WAIT_DEFAULT_MS : Math.min(Number(match[1]) * 1_000, WAIT_MAX_MS);
}
