import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:tls';

/** What came back. */
export interface PinnedAnswer {
  status: number;
  text: string;
}

/**
 * A GET from whoever shows this very certificate, for whatever names it is and whoever signed it: the launcher asks its own
 * workerd, by an address that is mostly not among them. Nothing is sent before the certificate was seen.
 *
 * @throws {Error} if another certificate is shown, or nothing comes back.
 */
export async function pinnedGet(
  url: URL,
  leaf: X509Certificate,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<PinnedAnswer> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(url.port), rejectUnauthorized: false });
  // Between two waits nobody listens, and an error that nobody hears ends the process: each wait has its own ear.
  socket.on('error', () => {});
  try {
    await once(socket, 'secureConnect', { signal });
    if (socket.getPeerX509Certificate()?.fingerprint256 !== leaf.fingerprint256) {
      throw new Error('somebody else answers there, with another certificate');
    }
    const asked = request(url, { headers, signal, createConnection: () => socket });
    asked.end();
    const [response] = await once(asked, 'response');
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += part;
    return { status: response.statusCode, text };
  } finally {
    socket.destroy();
  }
}
