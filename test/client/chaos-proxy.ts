import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A connection through the proxy. */
interface Pair {
  client: Socket;
  upstream: Socket;
}

/**
 * A TCP proxy that does to connections what networks do: cuts them, resets them, holds back what passes, lets little of
 * it pass, goes deaf so that they stay open and nothing arrives, or takes no new ones.
 */
export class ChaosProxy {
  readonly url: string;
  /** Connections taken so far. */
  connections = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #halfOpen = new Set<Pair>();
  #delayMs = 0;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #isDeaf = false;
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

  /** Closes every connection, as a proxy does that is restarted. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  /** Breaks every connection by a reset. */
  reset(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** Holds back everything that passes, in either direction, for so long. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Lets so much pass over each connection in a second, in either direction. */
  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Passes nothing on any more over the connections there are, and closes none. New ones are not concerned. */
  halfOpen(): void {
    for (const pair of this.#pairs) {
      pair.client.removeAllListeners('data').pause();
      pair.upstream.removeAllListeners('data').pause();
      this.#halfOpen.add(pair);
    }
  }

  /** Breaks the connections that nothing passes over any more, as a network does that has forgotten them. */
  forgetHalfOpen(): void {
    for (const { client, upstream } of this.#halfOpen) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
    this.#halfOpen.clear();
  }

  /** Passes nothing on over any connection, old or new, and closes none: the cable is pulled. */
  deafen(): void {
    this.#isDeaf = true;
    this.halfOpen();
  }

  /** Takes no connection any more, and breaks those there are. */
  refuse(): void {
    this.#refuses = true;
    this.reset();
  }

  /** New connections pass, at once. What is half open stays so. */
  heal(): void {
    this.#isDeaf = false;
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
    if (this.#isDeaf) this.halfOpen();
  }

  #pass(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    // In order, whatever the delay was meanwhile.
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
