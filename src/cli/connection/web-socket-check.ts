import { randomBytes } from 'node:crypto';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** What came of an attempt to open a WebSocket. */
export type Upgrade = { opened: true } | { opened: false; status?: number | undefined; problem: string };

const TIMEOUT_MS = 5_000;

function asked(request: ClientRequest): Promise<Upgrade> {
  return new Promise((resolve) => {
    request.once('upgrade', (_answer, socket) => {
      socket.destroy();
      resolve({ opened: true });
    });
    request.once('response', (answer) => {
      answer.resume();
      resolve({ opened: false, status: answer.statusCode, problem: `answered ${answer.statusCode}, and no upgrade` });
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.once('error', (error) => resolve({ opened: false, problem: error.message }));
    request.end();
  });
}

/**
 * Tries whether a WebSocket opens on the way to a registry, which some proxies do not let through. By hand, since Node 20
 * has no WebSocket; with the token in a header, as clients in Node send it.
 */
export function tryUpgrade(url: string, token: string | undefined): Promise<Upgrade> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Protocol': 'rollcall.v1',
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  // An agent of its own keeps no connection open for a next request that never comes.
  return asked(send(url, { headers, timeout: TIMEOUT_MS, agent: false }));
}
