import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemErrorCode } from './launch-error';

/** Range of ports below those that the system assigns, and above those that `fetch` refuses. */
const FIRST = 11_000;
const LAST = 32_000;

/**
 * Returns a free port that the system will not assign to another program.
 *
 * @param host Address to listen on.
 * @throws {Error} if the system refuses to listen on that address.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1);
    const server = createServer().listen(port, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      if (systemErrorCode(error) === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
