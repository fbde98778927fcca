import type { Connection, ConnectionMemory } from '../../core/platform/connection';
import type { SocketListener } from '../../model/namespace-sockets';

/** A connection between a surface and a namespace of the same process: event streams and long-polls watch through one. */
export class LocalConnection implements Connection {
  readonly memory: ConnectionMemory;
  readonly #listener: SocketListener;
  readonly #gone: () => void;
  #isOpen = true;

  /** @param gone Called once it is closed, by either side. */
  constructor(memory: ConnectionMemory, listener: SocketListener, gone: () => void) {
    this.memory = memory;
    this.#listener = listener;
    this.#gone = gone;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(frame: string): void {
    if (this.#isOpen) this.#listener.frame(frame);
  }

  close(code: number, _reason: string): void {
    if (!this.#isOpen) return;
    this.leave();
    this.#listener.closed(code);
  }

  /** Closes it from the surface's side, which expects no more frames. */
  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#gone();
  }

  /** Nothing has to be written down: memory lasts as long as the process, and so does the connection. */
  remember(): void {}
}
