import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Certificate, hostToCall } from './certificate';
import { LaunchError, systemErrorCode } from './launch-error';

/** Returns where to reach what listens on a host: an address that stands for all of them can't be called. */
export function callable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : /^[0:]+$/.test(host) ? '::1' : host;
}

/** Writes an address and a port as they stand in a URL and in a permission of Deno. */
export function addressWithPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Returns the URL, without a path, of a registry that listens on a host, by a name that its certificate is for. */
export function urlOf(host: string, port: number, certificate: Pick<Certificate, 'leaf'> | undefined): string {
  const called = callable(host);
  if (certificate === undefined) return `http://${addressWithPort(called, port)}`;
  return `https://${addressWithPort(hostToCall(certificate.leaf, called), port)}`;
}

/**
 * Returns the address of a host to listen on. The resident process may not ask the name service, so it is given an address.
 *
 * @throws {LaunchError} if the name is unknown.
 */
export async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    const reason = systemErrorCode(cause) === 'ENOTFOUND' ? 'is unknown' : "can't be looked up";
    throw new LaunchError(`The host name ${host} ${reason}. Choose another with --host, such as 127.0.0.1.`, 1, {
      cause,
    });
  }
}

/** Below the ports that the system gives to whoever connects or listens on any, and above those that `fetch` refuses. */
const FREE_PORTS = { first: 11_000, last: 32_000 };

/**
 * Returns a port of an address that nobody listens on now, nor comes to by chance.
 *
 * @throws {LaunchError} if nobody may listen on that address.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FREE_PORTS.first, FREE_PORTS.last + 1);
    const server = createServer().listen(port, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      if (systemErrorCode(error) === 'EADDRINUSE') continue;
      throw listenError(host, port, error);
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Turns a system error about listening into one for people; anything else comes back as it was. */
export function listenError(host: string, port: number, error: unknown): unknown {
  const message = listenMessage(host, port, systemErrorCode(error));
  return message === undefined ? error : new LaunchError(message, 1, { cause: error });
}

function listenMessage(host: string, port: number, code: string | undefined): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Stop what listens there, or choose another port with --port (0 takes a free one).`;
    case 'EACCES':
      return `This user may not listen on port ${port}. Choose one above 1023 with --port.`;
    case 'EADDRNOTAVAIL':
    case 'EINVAL': // what Deno says of it
      return `${host} is not an address of this machine. Choose another with --host, such as 127.0.0.1.`;
    case 'ENOTFOUND':
      return `The host name ${host} is unknown. Choose another with --host, such as 127.0.0.1.`;
    default:
      return undefined;
  }
}
