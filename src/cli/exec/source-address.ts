import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';

/** Any port will do: nothing is sent. */
const ANY_PORT = 9;

/**
 * The address of this machine that another sees when we come to it: what the system would send from. Of several networks
 * that is the one on which the registry is, and so, most likely, its callers.
 *
 * @param url Where to; nothing is sent there.
 * @returns Undefined where there is no way to it.
 */
export async function sourceAddress(url: string): Promise<string | undefined> {
  try {
    const { address, family } = await lookup(new URL(url).hostname.replace(/^\[|\]$/g, ''));
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.connect(ANY_PORT, address, resolve);
      });
      return socket.address().address;
    } finally {
      socket.close();
    }
  } catch {
    return undefined;
  }
}
