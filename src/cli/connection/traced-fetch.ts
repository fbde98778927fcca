import type { Fetch } from '../../client/wire/client-options';
import { CliError, EXIT } from '../terminal/failure';
import { durationText } from '../terminal/phrases';
import { isLoopback } from './place';

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
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; set NODE_EXTRA_CA_CERTS to its file',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak https',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak https',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** Returns the innermost error of a failed request: in Node the reason is in the cause of the cause. */
function innermost(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // With several addresses each has its own error, and they are usually alike.
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  return error.cause === undefined ? error : innermost(error.cause);
}

/** Returns the code of the system or of TLS for a failed request; an empty text if there is none. */
export function errorCodeOf(error: unknown): string {
  const inner = innermost(error);
  return inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
}

/** Describes why a request got no response. */
export function connectionProblem(error: unknown): string {
  const code = errorCodeOf(error);
  if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  if (code.startsWith('HPE_')) return 'the response is not HTTP';
  const inner = innermost(error);
  return code || (inner instanceof Error ? inner.message : String(inner));
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
        throw new CliError(
          EXIT.timedOut,
          `${new URL(url).origin} did not respond within ${durationText(timeoutMs ?? 0)}.`,
          'Allow more time with --timeout, or diagnose it with rollcall doctor.',
        );
      }
      if (init.signal?.aborted === true || signal?.aborted === true) throw error;
      throw new CliError(
        EXIT.unreachable,
        `Cannot reach ${new URL(url).origin}: ${connectionProblem(error)}.`,
        isLoopback(url) && errorCodeOf(error) === 'ECONNREFUSED'
          ? 'Start a registry on this machine with rollcall serve, or set another url with --url or ROLLCALL_URL.'
          : 'Check the host and the port of the url.',
        { cause: error },
      );
    }
  };
}
