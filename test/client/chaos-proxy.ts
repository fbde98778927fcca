import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A connection through the proxy. */
interface Pair {
  client: Socket;
  upstream: Socket;
}

/**
 * A TCP proxy that reproduces network faults: it cuts and resets connections, delays or throttles data, goes deaf so that
 * connections stay open and nothing arrives, or accepts no new connections.
 */
export class ChaosProxy {
  readonly url: string;
  /** Number of connections accepted so far. */
  connections = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #halfOpen = new Set<Pair>();
  #delayMs = 0;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #isStalled = false;
  #refuses = false;

  private constructor(server: Server) {
    const { port } = server.address() as AddressInfo; // `as`: it listens on TCP
    this.url = `http://127.0.0.1:${port}`;
    this.#server = server;
  }

  static async start(target: string): Promise<ChaosProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new ChaosProxy(server);
    server.on('connection', (client) => proxy.#take(client, Number(port), hostname));
    return proxy;
  }

  /** Closes every connection, like a proxy that is restarted. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  /** Resets every connection. */
  reset(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** Delays all data, in both directions. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Limits the rate of each connection, in both directions. */
  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Stops forwarding on existing connections, without closing them. New connections are not affected. */
  halfOpen(): void {
    for (const pair of this.#pairs) {
      pair.client.removeAllListeners('data').pause();
      pair.upstream.removeAllListeners('data').pause();
      this.#halfOpen.add(pair);
    }
  }

  /** Breaks the half-open connections, like a network that has forgotten them. */
  forgetHalfOpen(): void {
    for (const { client, upstream } of this.#halfOpen) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
    this.#halfOpen.clear();
  }

  /** Stops forwarding on all connections, old and new, without closing them, like an unplugged cable. */
  deafen(): void {
    this.#isStalled = true;
    this.halfOpen();
  }

  /** Refuses new connections, and breaks existing ones. */
  refuse(): void {
    this.#refuses = true;
    this.reset();
  }

  /** Lets new connections pass without delay. Half-open connections stay half open. */
  heal(): void {
    this.#isStalled = false;
    this.#refuses = false;
    this.#delayMs = 0;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
  }

  stop(): void {
    this.#server.close();
    this.cut();
  }

  #take(client: Socket, port: number, host: string): void {
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    this.connections += 1;
    const upstream = connect(port, host);
    const pair = { client, upstream };
    this.#pairs.add(pair);
    const forget = () => {
      this.#pairs.delete(pair);
      this.#halfOpen.delete(pair);
    };
    this.#pass(client, upstream);
    this.#pass(upstream, client);
    client.on('close', forget);
    if (this.#isStalled) this.halfOpen();
  }

  #pass(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    // In order, even if the delay has changed meanwhile.
    let last = Promise.resolve();
    const later = (act: () => void, length = 0) => {
      const passing = (length * 1_000) / this.#bytesPerSecond;
      if (passing > 0) last = last.then(() => new Promise((resolve) => setTimeout(resolve, passing)));
      const ms = this.#delayMs;
      if (ms === 0) {
        last = last.then(act);
        return;
      }
      const due = new Promise<void>((resolve) => setTimeout(resolve, ms));
      last = last.then(() => due).then(act);
    };
    from.on('data', (data) => later(() => to.writable && to.write(data), data.length));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', (hadError) => hadError && to.destroy());
  }
}
