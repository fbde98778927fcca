import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { REQUEST_HEADERS_MAX_BYTES } from '../../../model/limits';

/** Problems that the listener answers itself, without the app. */
const REFUSALS = {
  400: { code: 'INVALID_REQUEST', title: 'The request is not valid' },
  405: { code: 'METHOD_NOT_ALLOWED', title: 'The route does not support this method' },
  408: { code: 'INVALID_REQUEST', title: 'The request arrived too slowly' },
  431: { code: 'INVALID_REQUEST', title: 'The headers are too large' },
  500: { code: 'INTERNAL', title: 'An internal error occurred' },
} as const;

/** Returns a refusal in the app's own problem format (RFC 9457). */
export function refusal(status: keyof typeof REFUSALS, detail: string): Response {
  const { code, title } = REFUSALS[status];
  return new Response(JSON.stringify({ type: `/docs#${code}`, title, status, detail, code }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', 'Rollcall-Api': '1.0' },
  });
}

/**
 * Returns the refusal of a request that `node:http` can't parse or that took too long; undefined if the client can't be
 * answered.
 */
export function refusalOfParser(code: string | undefined): Response | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refusal(408, 'the headers of the request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW') {
    return refusal(431, `the request line and headers are larger than ${REQUEST_HEADERS_MAX_BYTES} bytes`);
  }
  // Any other code means that the client is gone or that there is no TLS connection to answer on.
  return code?.startsWith('HPE_') ? refusal(400, 'this is not an HTTP/1.1 request') : undefined;
}

/** Writes a response to a connection that `node:http` does not handle, or no longer does, and closes it. */
export async function writeToSocket(socket: Duplex, answer: Response): Promise<void> {
  const body = await answer.text();
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`];
  answer.headers.forEach((value, name) => {
    if (name !== 'connection' && name !== 'content-length') lines.push(`${name}: ${value}`);
  });
  lines.push('connection: close', `content-length: ${Buffer.byteLength(body)}`, '', body);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.once('finish', () => socket.destroy());
  socket.end(lines.join('\r\n'));
}
