import type { WebSocket } from 'ws';
import { SOCKET_UNREAD_MAX_BYTES } from '../../../model/limits';
import type { NamespaceSocket } from '../../../model/namespace-sockets';
import { upgradeResponse } from './upgrade-response';

/** Close code "Normal Closure". Source: RFC 6455, section 7.4.1. */
const NORMAL = 1000;

/**
 * Accepts a client's WebSocket for a surface that only sends. Frames sent before the handshake is complete are queued until
 * then. Frames from the client are ignored.
 *
 * @param closed Called when the client disconnects, unless this side closed the socket first.
 * @returns The socket, and the response to the upgrade request.
 */
export function acceptSocket(closed: () => void): { socket: NamespaceSocket; answer: Response } {
  const accepted = new AcceptedSocket(closed);
  const answer = upgradeResponse(
    {},
    (socket) => accepted.open(socket),
    () => accepted.left(),
  );
  return { socket: accepted, answer };
}

class AcceptedSocket implements NamespaceSocket {
  readonly #closed: () => void;
  #socket: WebSocket | undefined;
  #waiting: string[] = [];
  #closing: { code: number; reason: string } | undefined;

  constructor(closed: () => void) {
    this.#closed = closed;
  }

  open(socket: WebSocket): void {
    this.#socket = socket;
    socket.once('close', () => this.left());
    for (const text of this.#waiting.splice(0)) this.#write(socket, text);
    if (this.#closing !== undefined) socket.close(this.#closing.code, this.#closing.reason);
  }

  /** Handles a client that disconnected or never completed the handshake. */
  left(): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code: NORMAL, reason: '' };
    this.#waiting = [];
    this.#closed();
  }

  send(text: string): void {
    if (this.#closing !== undefined) return;
    if (this.#socket === undefined) this.#waiting.push(text);
    else this.#write(this.#socket, text);
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code, reason };
    this.#socket?.close(code, reason);
  }

  #write(socket: WebSocket, text: string): void {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(text, () => {});
    if (socket.bufferedAmount > SOCKET_UNREAD_MAX_BYTES) socket.terminate();
  }
}
