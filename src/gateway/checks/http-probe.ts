import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isIP } from 'node:net';
import type { CheckStatus } from '../../codecs/consul/check';
import { withoutBrackets } from '../../model/address';
import { deferred } from '../../model/deferred';
import {
  type CheckResult,
  describeError,
  PROBE_BODY_MAX_BYTES,
  PROBE_OUTPUT_MAX_BYTES,
  type ProbeDefinition,
  type Target,
} from './probe';

/** Headers that belong to the connection, and not to the check. */
const FRAMING_HEADERS = new Set(['connection', 'content-length', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']);

/** Returns the headers of a request, with Consul's defaults. */
function headersOf({ header, body }: ProbeDefinition, url: URL): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    host: url.host,
    'user-agent': 'Consul Health Check',
    accept: 'text/plain, text/*, */*',
  };
  for (const [name, values] of Object.entries(header)) {
    const lower = name.toLowerCase();
    if (FRAMING_HEADERS.has(lower) || values.length === 0) continue;
    headers[lower] = lower === 'host' ? (values[0] ?? url.host) : values;
  }
  if (url.username !== '' && headers.authorization === undefined) {
    const credential = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(credential).toString('base64')}`;
  }
  if (body !== '') headers['content-length'] = String(Buffer.byteLength(body));
  return headers;
}

function statusOf(code: number, expected: number | undefined): CheckStatus {
  if (expected !== undefined) return code === expected ? 'passing' : 'critical';
  if (code >= 200 && code <= 299) return 'passing';
  return code === 429 ? 'warning' : 'critical';
}

/** Reads the beginning of a body. Resolves at its end, at the limit, or when the signal aborts. */
function beginningOf(message: IncomingMessage, signal: AbortSignal): Promise<string> {
  const kept: Buffer[] = [];
  let size = 0;
  const { promise, resolve } = deferred<void>();
  message.on('data', (chunk: Buffer) => {
    if (size < PROBE_OUTPUT_MAX_BYTES) kept.push(chunk.subarray(0, PROBE_OUTPUT_MAX_BYTES - size));
    size += chunk.length;
    if (size >= PROBE_BODY_MAX_BYTES) resolve();
  });
  for (const event of ['end', 'close', 'error', 'aborted']) message.on(event, () => resolve());
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.then(() => new TextDecoder().decode(Buffer.concat(kept)));
}

/**
 * Sends the request of an HTTP check. 2xx passes, 429 warns, and everything else is critical. Redirects are not followed:
 * they could lead to any host. A body that does not end counts by its status, as in Consul.
 *
 * @param signal Aborts at the timeout of the check.
 */
export async function probeHttp(check: ProbeDefinition, target: Target, signal: AbortSignal): Promise<CheckResult> {
  const method = check.method === '' ? 'GET' : check.method;
  const url = new URL(check.http);
  const isSecure = url.protocol === 'https:';
  const options: RequestOptions & { servername?: string; rejectUnauthorized?: boolean } = {
    host: target.address,
    port: target.port,
    method,
    path: `${url.pathname}${url.search}`,
    // A connection of its own, which ends with the response, as Consul's.
    agent: false,
  };
  if (isSecure) {
    const name = check.tlsServerName || withoutBrackets(url.hostname);
    options.servername = isIP(name) > 0 ? '' : name;
    options.rejectUnauthorized = !check.tlsSkipVerify;
  }
  const failed = (error: unknown): CheckResult => ({
    status: 'critical',
    output: `${capitalized(method)} ${JSON.stringify(check.http)}: ${describeError(error)}`,
  });
  try {
    const { promise, resolve, reject } = deferred<IncomingMessage>();
    const headers = headersOf(check, url);
    const request = (isSecure ? secureRequest : plainRequest)({ ...options, headers }, resolve);
    request.on('error', reject);
    const abort = () => {
      reject(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'));
      request.destroy();
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    request.end(check.body === '' ? undefined : check.body);
    try {
      const message = await promise;
      message.on('error', () => {});
      const code = message.statusCode ?? 0;
      const body = await beginningOf(message, signal);
      const status = `${code} ${message.statusMessage ?? ''}`.trim();
      const note = code >= 300 && code <= 399 ? ' (redirects are not followed)' : '';
      return {
        status: statusOf(code, check.expectedStatus),
        output: `HTTP ${method} ${check.http}: ${status}${note} Output: ${body}`,
      };
    } finally {
      signal.removeEventListener('abort', abort);
      request.destroy();
    }
  } catch (error) {
    return failed(error);
  }
}

const capitalized = (method: string): string => `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`;
