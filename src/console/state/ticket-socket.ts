import type { SocketEvent, SocketLike } from '../../client/wire/client-options';
import { RollcallError } from '../../client/wire/rollcall-error';
import { ask } from './session';

/** Subprotocol of the watch. */
const PROTOCOL = 'rollcall.v1';

/** Close code of a connection that broke without one (RFC 6455, 7.4.1). */
const BROKEN = 1006;

type Listener = (event: SocketEvent) => void;

/**
 * A WebSocket that opens with a ticket. A browser can send a credential only among the subprotocols, a header that proxies
 * may log: a ticket is valid once, the token is not.
 */
export class TicketSocket implements SocketLike {
  #socket: WebSocket | undefined;
  #isClosed = false;
  readonly #listeners: [type: string, listener: Listener][] = [];

  constructor(url: string) {
    ask((admin) => admin.createTicket()).then(
      ({ ticket }) => {
        if (!this.#isClosed) this.#open(new WebSocket(url, [PROTOCOL, `ticket.${ticket}`]));
      },
      (error) => this.#fail(RollcallError.from(error, 'no ticket').message),
    );
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  close(code?: number, reason?: string): void {
    this.#isClosed = true;
    this.#socket?.close(code, reason);
  }

  #open(socket: WebSocket): void {
    this.#socket = socket;
    // `as`: the events of a browser have the members that the client reads
    for (const [type, listener] of this.#listeners) socket.addEventListener(type, listener as (event: Event) => void);
  }

  #fail(reason: string): void {
    for (const [type, listener] of this.#listeners) if (type === 'close') listener({ code: BROKEN, reason });
  }
}
