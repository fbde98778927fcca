import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { CONNECTIONS_WAITING_MAX_COUNT } from '../../../model/limits';

/** Number of failed checks in a row after which the server is restarted. A busy event loop may fail a single one. */
const FAILED_CHECKS = 2;

/**
 * Makes a server listen again after it has stopped accepting connections. Deno 2.9.5 stops for good, without an error, when it
 * gets no descriptor for a connection. If no client has connected for a while, the process therefore connects to itself.
 * Listening again closes idle connections, and leaves the others open.
 */
export class AcceptWatch {
  readonly #server: Server;
  readonly #host: string;
  readonly #reachedAt: string;
  readonly #relistened: () => void;
  readonly #timer: NodeJS.Timeout;
  #probe: Socket | undefined;
  #isAlive = true;
  #failed = 0;

  /**
   * @param host Host that the server listens on.
   * @param relistened Called when the server listens again.
   * @param intervalMs Time between two checks.
   */
  constructor(server: Server, host: string, relistened: () => void, intervalMs: number) {
    this.#server = server;
    this.#host = host;
    // An address that means all addresses is reached at the loopback address.
    this.#reachedAt = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    this.#relistened = relistened;
    server.on('connection', () => {
      this.#isAlive = true;
    });
    this.#timer = setInterval(() => this.#check(), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#probe?.destroy();
  }

  #check(): void {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return;
    const wasProbed = this.#probe?.readyState === 'open';
    this.#failed = wasProbed && !this.#isAlive ? this.#failed + 1 : 0;
    if (this.#isAlive) {
      this.#probe?.destroy();
      this.#probe = undefined;
    } else if (this.#failed >= FAILED_CHECKS) {
      this.#listenAgain(address.port);
    } else if (!wasProbed) this.#connect(address.port);
    this.#isAlive = false;
  }

  #connect(port: number): void {
    this.#probe?.destroy();
    const probe = connect({ host: this.#reachedAt, port });
    // A server at its connection limit accepts this connection and closes it without an event.
    probe.once('end', () => {
      this.#isAlive = true;
    });
    // Without a descriptor for this end there is none for the server's either. The next check retries.
    probe.on('error', () => {});
    this.#probe = probe;
  }

  #listenAgain(port: number): void {
    this.#failed = 0;
    this.#probe?.destroy();
    this.#probe = undefined;
    this.#server.close();
    this.#server.listen({ host: this.#host, port, backlog: CONNECTIONS_WAITING_MAX_COUNT });
    this.#relistened();
  }
}
