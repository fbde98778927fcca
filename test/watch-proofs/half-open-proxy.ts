import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that can go silent: connections stay open, but pass no data, as when a cable is pulled. */
export class HalfOpenProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #pairs: Set<[Socket, Socket]>;

  private constructor(server: Server, pairs: Set<[Socket, Socket]>) {
    const { port } = server.address() as AddressInfo; // `as`: it listens on TCP
    this.url = `http://127.0.0.1:${port}`;
    this.#server = server;
    this.#pairs = pairs;
  }

  static async start(target: string): Promise<HalfOpenProxy> {
    const { hostname, port } = new URL(target);
    const pairs = new Set<[Socket, Socket]>();
    const server = createServer((client) => {
      const upstream = connect(Number(port), hostname);
      pairs.add([client, upstream]);
      client.pipe(upstream).on('error', () => client.destroy());
      upstream.pipe(client).on('error', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new HalfOpenProxy(server, pairs);
  }

  /** Passes no data from now on, in either direction, and closes no connection. */
  goDeaf(): void {
    for (const [client, upstream] of this.#pairs) {
      client.unpipe(upstream).pause();
      upstream.unpipe(client).pause();
    }
  }

  stop(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }
}
