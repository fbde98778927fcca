import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemErrorCode } from './launch-error';

/** Below the ports that the system gives to whoever connects or listens on any, and above those that `fetch` refuses. */
const FIRST = 11_000;
const LAST = 32_000;

/**
 * Returns a port that nobody listens on now, nor comes to by chance.
 *
 * @param host Address to listen on.
 * @throws {Error} What the system refuses to listen on that address with.
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
