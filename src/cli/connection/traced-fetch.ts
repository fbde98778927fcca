import type { Fetch } from '../../client/wire/client-options';
import { CliError, EXIT } from '../terminal/failure';

const UNKNOWN_AUTHORITY =
  'its certificate is from an unknown authority; set NODE_EXTRA_CA_CERTS to the file of that authority';

/** Descriptions of connection errors, by the codes of the system and of TLS. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the DNS server does not respond',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'the host does not respond',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not respond',
  UND_ERR_SOCKET: 'the connection was closed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** Describes why a request got no response. In Node the reason is in the cause of the cause. */
export function connectionProblem(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
    // With several addresses each has its own error, and they are usually alike.
    if (at instanceof AggregateError && at.errors.length > 0) return connectionProblem(at.errors[0]);
    if (at.cause === undefined) return code || at.message;
  }
  return String(error);
}

export interface TracedFetchOptions {
  /** Called with a line about each request. */
  trace: (line: string) => void;
  /** Time for all requests together, from now on. */
  timeoutMs?: number | undefined;
  /** Aborts all pending requests. */
  signal?: AbortSignal | undefined;
}

/**
 * Creates the `fetch` of a command: it traces each request, describes connection errors, and enforces the timeout of the
 * command.
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
        throw new CliError(EXIT.timedOut, `${new URL(url).origin} did not respond within ${timeoutMs} ms.`);
      }
      if (init.signal?.aborted === true || signal?.aborted === true) throw error;
      throw new CliError(
        EXIT.unreachable,
        `Cannot reach ${new URL(url).origin}: ${connectionProblem(error)}.`,
        'Diagnose it with rollcall doctor, or start a registry on this machine with rollcall serve.',
        { cause: error },
      );
    }
  };
}
