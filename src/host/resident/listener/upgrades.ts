import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { FRAME_MAX_BYTES, SOCKET_CLOSE_MAX_MS } from '../../../model/limits';
import { refusal, writeToSocket } from './refusals';
import { type Upgrade, upgradeOf } from './upgrade-response';

/** Response headers that the handshake writes itself. */
const OF_HANDSHAKE = new Set(['upgrade', 'connection', 'sec-websocket-accept', 'sec-websocket-protocol']);

/** Version of the WebSocket protocol (RFC 6455). */
const VERSION = '13';

/** Returns whether a request asks for a WebSocket. Other upgrades, such as `h2c` from Java clients, are optional and ignored. */
export function wantsWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Completes the upgrades that the app accepts, and writes its answer to the others. */
export class Upgrades {
  readonly #accepted = new WeakMap<IncomingMessage, Upgrade>();
  readonly #sockets: WebSocketServer;

  constructor() {
    const protocolOf = (message: IncomingMessage): string | false => {
      const headers = this.#accepted.get(message)?.headers ?? {};
      const name = Object.keys(headers).find((each) => each.toLowerCase() === 'sec-websocket-protocol');
      return (name !== undefined && headers[name]) || false;
    };
    // A variable, because the types of ws lack `closeTimeout` and a literal may have no extra members.
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
    // Without this ws would refuse the handshake itself, as plain text.
    this.#sockets.on('wsClientError', ({ message: reason }, socket, { headers }) => {
      const answer = refusal(400, `the WebSocket handshake is not valid: ${reason}`);
      // A client that speaks another version learns which one to use (RFC 6455, section 4.4).
      if (headers['sec-websocket-version'] !== VERSION) answer.headers.set('Sec-WebSocket-Version', VERSION);
      void writeToSocket(socket, answer);
    });
  }

  /** Completes or refuses an upgrade according to the app's answer. */
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
      // `close` follows an error, and is handled.
      client.on('error', () => {});
      client.on('message', () => answerTogether(socket));
      upgrade.accept(client);
    });
  }
}

/** Corks a socket until the end of this tick, so that the answers to frames that arrived together leave in one write. */
function answerTogether(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}

/**
 * Answers a request for an unsupported upgrade as an ordinary request. Node.js before 24.9 detaches such a connection from
 * its HTTP parser, so the request is put back into the socket without its upgrade headers.
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
