import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { FRAME_MAX_BYTES, SOCKET_CLOSE_MAX_MS } from '../../../model/limits';
import { writeToSocket } from './refusals';
import { type Upgrade, upgradeOf } from './upgrade-response';

/** Headers of the answer to an upgrade that the handshake itself writes. */
const OF_HANDSHAKE = new Set(['upgrade', 'connection', 'sec-websocket-accept', 'sec-websocket-protocol']);

/** Whether a request asks for a WebSocket. Any other upgrade, such as Java's to `h2c`, is offered and may be ignored. */
export function wantsWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Has the app answer upgrades, and makes WebSockets of those that it accepts. */
export class Upgrades {
  readonly #accepted = new WeakMap<IncomingMessage, Upgrade>();
  readonly #sockets: WebSocketServer;

  constructor() {
    const protocolOf = (message: IncomingMessage): string | false => {
      const headers = this.#accepted.get(message)?.headers ?? {};
      const name = Object.keys(headers).find((each) => each.toLowerCase() === 'sec-websocket-protocol');
      return (name !== undefined && headers[name]) || false;
    };
    // As a variable: the types of ws do not know `closeTimeout`.
    const options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: FRAME_MAX_BYTES,
      closeTimeout: SOCKET_CLOSE_MAX_MS,
      handleProtocols: (_: Set<string>, message: IncomingMessage) => protocolOf(message),
    };
    this.#sockets = new WebSocketServer(options);
    this.#sockets.on('headers', (lines, message) => {
      for (const [name, value] of Object.entries(this.#accepted.get(message)?.headers ?? {})) {
        if (!OF_HANDSHAKE.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
      }
    });
  }

  /** Completes or refuses an upgrade, as the app has answered it. */
  async complete(message: IncomingMessage, socket: Duplex, head: Buffer, answer: Response): Promise<void> {
    const upgrade = upgradeOf(answer);
    if (upgrade === undefined) {
      await writeToSocket(socket, answer);
      return;
    }
    this.#accepted.set(message, upgrade);
    let isAccepted = false;
    const failed = () => {
      if (!isAccepted) upgrade.failed();
    };
    socket.once('close', failed);
    if (socket.destroyed) {
      failed();
      return;
    }
    this.#sockets.handleUpgrade(message, socket, head, (client: WebSocket) => {
      isAccepted = true;
      socket.off('close', failed);
      // An error is followed by `close`, which is what counts.
      client.on('error', () => {});
      client.on('message', () => answerTogether(socket));
      upgrade.accept(client);
    });
  }
}

/** Holds back what is written until the end of this tick: answers to frames that came together leave in one write. */
function answerTogether(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}

/**
 * Has a request answered that asks for an upgrade which we don't know: as if it had not asked. Node.js before 24.9 takes
 * such a connection out of HTTP, so its request is put back without the offer.
 */
export function answerWithoutUpgrade(server: Server, message: IncomingMessage, socket: Socket, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = message;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${rawHeaders[index + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
