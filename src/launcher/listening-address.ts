import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Certificate, hostToCall } from './certificate';
import { LaunchError, systemErrorCode } from './launch-error';
import { NACOS_GRPC_OFFSET } from './serve-options';

/** Range of {@link freePort}: below the system's ephemeral ports, and above the ports that `fetch` refuses. */
const FREE_PORT_MIN = 11_000;
const FREE_PORT_MAX = 32_000;

/** Returns the address at which a client on this machine reaches a listener: a loopback address if it listens on all. */
export function callable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : /^[0:]+$/.test(host) ? '::1' : host;
}

/** Formats an address and a port for a URL or a Deno permission. */
export function addressWithPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Returns the URL, without a path, of a registry that listens on a host, with a name that its certificate covers. */
export function urlOf(host: string, port: number, certificate: Pick<Certificate, 'leaf'> | undefined): string {
  const called = callable(host);
  if (certificate === undefined) return `http://${addressWithPort(called, port)}`;
  return `https://${addressWithPort(hostToCall(certificate.leaf, called), port)}`;
}

/**
 * Resolves a host name to an address to listen on. The resident process has no permission to resolve names itself.
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

/**
 * Returns a port that no process listens on. The system does not hand it out as an ephemeral port either.
 *
 * @param host Address to listen on.
 * @throws {LaunchError} if this user can't listen on that address.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FREE_PORT_MIN, FREE_PORT_MAX + 1);
    if (await isFree(port, host)) return port;
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (systemErrorCode(error) === 'EADDRINUSE') return false;
    throw listenError(host, port, error);
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Returns a free port whose neighbour for gRPC is free as well. */
export async function freeNacosPort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = await freePort(host);
    const neighbour = port + NACOS_GRPC_OFFSET;
    if (neighbour <= FREE_PORT_MAX && (await isFree(neighbour, host))) return port;
  }
}

/**
 * Returns a readable error for a system error about listening; any other error is returned unchanged.
 *
 * @param option Option that sets the port.
 */
export function listenError(host: string, port: number, error: unknown, option = '--port'): unknown {
  const message = listenMessage(host, port, systemErrorCode(error), option);
  return message === undefined ? error : new LaunchError(message, 1, { cause: error });
}

function listenMessage(host: string, port: number, code: string | undefined, option: string): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Stop the program that uses it, or choose another port with ${option} (0: any free port).`;
    case 'EACCES':
      return `This user may not listen on port ${port}. Choose one above 1023 with ${option}.`;
    case 'EADDRNOTAVAIL':
    case 'EINVAL': // on Deno
      return `${host} is not an address of this machine. Choose another with --host, such as 127.0.0.1.`;
    case 'ENOTFOUND':
      return `The host name ${host} is unknown. Choose another with --host, such as 127.0.0.1.`;
    default:
      return undefined;
  }
}
