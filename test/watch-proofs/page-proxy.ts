import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Place } from './registry-socket';

/**
 * Serves a page, and passes calls below `/api/` on to the registry with the `Authorization` header: an EventSource can't
 * send one, so a page uses event streams through a server of its own origin that holds the token.
 *
 * While the registry is down it breaks connections, where other proxies answer 502: an EventSource gives up for good after
 * any answer but 200, and reconnects after a broken connection.
 */
export class PageProxy {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    const { port } = server.address() as AddressInfo; // `as`: it listens on TCP
    this.url = `http://127.0.0.1:${port}`;
    this.#server = server;
  }

  static async start({ url, rootToken }: Place, page: string): Promise<PageProxy> {
    const server = createServer((asked, answer) => {
      if (!asked.url?.startsWith('/api/')) {
        answer.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
        return;
      }
      const headers = { ...asked.headers, authorization: `Bearer ${rootToken}` };
      const passed = request(url + asked.url, { method: asked.method, headers, agent: false }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
        response.on('close', () => response.complete || answer.destroy());
      });
      passed.on('error', () => answer.destroy());
      answer.on('close', () => passed.destroy());
      asked.pipe(passed);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PageProxy(server);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
