import type { Server } from 'node:net';

/**
 * Opens the port of a server; 0 for any free one.
 *
 * @throws {Error} if the system refuses, such as with `EADDRINUSE`.
 */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
