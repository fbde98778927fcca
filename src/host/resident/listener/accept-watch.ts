import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { CONNECTIONS_WAITING_MAX_COUNT } from '../../../model/limits';

/** Checks that fail in a row before a server listens again: the event loop may have been busy at one. */
const FAILED_CHECKS = 2;

/**
 * Makes a server listen again that accepts nothing more. Deno 2.9.5 stops accepting for good, and says nothing, once it
 * was refused a descriptor for a connection. So where no client has come for a while, the process connects to itself.
 * Open connections stay open while the server listens again; only idle ones are closed.
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
   * @param host That the server listens on.
   * @param relistened Called when it listens again.
   * @param intervalMs Time between two checks.
   */
  constructor(server: Server, host: string, relistened: () => void, intervalMs: number) {
    this.#server = server;
    this.#host = host;
    // What stands for all addresses of the machine is reached at its own.
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
    // A server that has as many connections as it may accepts this one, and closes it unseen.
    probe.once('end', () => {
      this.#isAlive = true;
    });
    // Without a descriptor for this end there is none for the other either: the next check tries again.
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
