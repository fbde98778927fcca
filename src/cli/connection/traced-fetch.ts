import type { Fetch } from '../../client/wire/client-options';
import { CliError, EXIT } from '../terminal/failure';

const UNKNOWN_AUTHORITY =
  'its certificate is of an authority that is not known here; name the file of that one in NODE_EXTRA_CA_CERTS';

/** What goes wrong on the way to a registry, by the codes of the system and of TLS. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name service does not answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'the host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  UND_ERR_SOCKET: 'the connection was cut',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** Why a request got no answer, in words. Node tells it in the cause of the cause. */
export function connectionProblem(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
    // Of several addresses each has an error of its own, and they are alike.
    if (at instanceof AggregateError && at.errors.length > 0) return connectionProblem(at.errors[0]);
    if (at.cause === undefined) return code || at.message;
  }
  return String(error);
}

export interface TracedFetchOptions {
  /** Takes a line about each request. */
  trace: (line: string) => void;
  /** From now on, for all requests together. */
  timeoutMs?: number | undefined;
  /** Ends every request that is still under way. */
  signal?: AbortSignal | undefined;
}

/**
 * Makes the requests of a command: tells of each, says in words why one got no answer, and gives up when the time of the
 * command is over.
 */
export function tracedFetch({ trace, timeoutMs, signal }: TracedFetchOptions): Fetch {
  const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  return async (url, init = {}) => {
    const { method = 'GET' } = init;
    const signals = [init.signal, late, signal].filter((signal) => signal instanceof AbortSignal);
    const startedAt = performance.now();
    const took = () => `${Math.round(performance.now() - startedAt)} ms`;
    try {
      const answer = await fetch(url, { ...init, signal: AbortSignal.any(signals) });
      trace(`${method} ${url} ${answer.status} in ${took()}`);
      return answer;
    } catch (error) {
      trace(`${method} ${url} failed after ${took()}: ${connectionProblem(error)}`);
      if (late?.aborted === true) {
        throw new CliError(EXIT.timedOut, `${new URL(url).origin} has not answered within ${timeoutMs} ms.`);
      }
      if (init.signal?.aborted === true || signal?.aborted === true) throw error;
      throw new CliError(
        EXIT.unreachable,
        `${new URL(url).origin} can't be reached: ${connectionProblem(error)}.`,
        'Look into it: rollcall doctor; or start a registry on this machine: rollcall serve',
        { cause: error },
      );
    }
  };
}
