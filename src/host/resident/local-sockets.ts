import type { Registry } from '../../core/namespace/core';
import { newMemory } from '../../core/namespace/watch/connection-memory';
import type { Connection, ConnectionMemory, Connections } from '../../core/platform/connection';
import { CLOSE_CODES, PING, PONG } from '../../model/frames';
import type { NamespaceSocket, NamespaceSockets, SocketListener, SocketPurpose } from '../../model/namespace-sockets';
import { ClientConnection } from './listener/client-connection';
import { upgradeResponse } from './listener/upgrade-response';
import type { ProcessPlatform } from './process-platform';

/** The parts of a namespace that its sockets use. */
export interface SocketHost {
  platform: Pick<ProcessPlatform, 'clock' | 'monotonic' | 'log'>;
  /** Returns the namespace's registry; opens the namespace if it sleeps. */
  registry(): Promise<Registry>;
}

/** Holds the sockets of a namespace: those of clients, and those of event streams and long-polls in this process. */
export class LocalSockets implements Connections, NamespaceSockets {
  readonly #host: SocketHost;
  readonly #connections = new Set<Connection>();

  constructor(host: SocketHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#connections.size;
  }

  all(): Iterable<Connection> {
    return this.#connections;
  }

  heardAt(connection: Connection): number {
    return connection instanceof ClientConnection || connection instanceof LocalConnection ? connection.heardAt : 0;
  }

  async pass(purpose: SocketPurpose, headers: Record<string, string>): Promise<Response> {
    const registry = await this.#host.registry();
    registry.assertRoomForSocket(purpose);
    return upgradeResponse(headers, (socket) => {
      const { clock, monotonic } = this.#host.platform;
      const listener = {
        frame: (text: string) => this.#received(connection, text),
        closed: (code: number) => this.#closed(connection, code === CLOSE_CODES.sessionEnded),
      };
      const memory = newMemory(purpose, clock.now());
      // Leases end by the monotonic clock on this host, and sessions too.
      const connection: ClientConnection = new ClientConnection(socket, memory, listener, () => monotonic.now());
      this.#opened(registry, connection);
    });
  }

  async open(purpose: SocketPurpose, listener: SocketListener): Promise<NamespaceSocket> {
    const registry = await this.#host.registry();
    registry.assertRoomForSocket(purpose);
    const { clock, monotonic } = this.#host.platform;
    const memory = newMemory(purpose, clock.now());
    const connection: LocalConnection = new LocalConnection(
      memory,
      listener,
      (code) => void this.#closed(connection, code === CLOSE_CODES.sessionEnded),
    );
    this.#opened(registry, connection);
    return {
      // In a later microtask, as a frame from the network would arrive: the core may still be in its own send.
      send: (text) =>
        queueMicrotask(() => {
          if (!connection.isOpen) return;
          if (text === PING) connection.pinged(monotonic.now());
          else this.#received(connection, text);
        }),
      close: (code) => connection.leave(code),
    };
  }

  /** Closes all sockets, because the namespace starts over or was erased. */
  closeAll(code: number, reason: string): void {
    for (const connection of [...this.#connections]) connection.close(code, reason);
    this.#connections.clear();
  }

  #opened(registry: Registry, connection: Connection): void {
    this.#connections.add(connection);
    registry.opened(connection);
  }

  #received(connection: Connection, text: string): void {
    void this.#act(connection, (registry) => registry.receive(connection, text));
  }

  async #closed(connection: Connection, isEnd: boolean): Promise<void> {
    if (!this.#connections.delete(connection)) return;
    await this.#act(connection, (registry) => registry.closed(connection, isEnd));
  }

  /** Passes a frame or a close to the namespace, which answers requests that fail; an unexpected failure closes the socket. */
  #act(connection: Connection, work: (registry: Registry) => Promise<void>): Promise<void> {
    return this.#host
      .registry()
      .then(work)
      .catch((error: unknown) => {
        this.#host.platform.log('warn', 'closed a socket because its frame could not be handled', {
          error: String(error),
        });
        connection.close(CLOSE_CODES.tryAgain, '1000');
      });
  }
}

/** A connection from a surface to a namespace in the same process. Surfaces of other protocols hold sessions through one. */
class LocalConnection implements Connection {
  readonly memory: ConnectionMemory;
  readonly #listener: SocketListener;
  readonly #onClose: (code: number) => void;
  #isOpen = true;
  #heardAt = 0;

  /** @param onClose Called once it is closed, by either side. */
  constructor(memory: ConnectionMemory, listener: SocketListener, onClose: (code: number) => void) {
    this.memory = memory;
    this.#listener = listener;
    this.#onClose = onClose;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Time of the surface's last ping, in milliseconds; 0 if there was none. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Notes a ping, and answers it. */
  pinged(now: number): void {
    this.#heardAt = now;
    this.send(PONG);
  }

  send(frame: string): void {
    if (this.#isOpen) this.#listener.frame(frame);
  }

  close(code: number, _reason: string): void {
    if (!this.#isOpen) return;
    this.leave(code);
    this.#listener.closed(code);
  }

  /** Closes the connection from the surface's side. The surface gets no further frames and no `closed`. */
  leave(code: number): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClose(code);
  }

  /** Does nothing: the memory lasts as long as the connection, which ends with the process. */
  remember(): void {}
}
