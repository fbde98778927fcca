import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutBrackets } from '../../model/address';

/** Timeout of an attempt to connect to a local address. */
const ATTEMPT_TIMEOUT_MS = 1_000;

/** Interval of attempts: short enough to notice the open port soon. */
const ATTEMPT_INTERVAL_MS = 100;

/** Reports whether a TCP connection is accepted at an address. */
function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ATTEMPT_TIMEOUT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** Reports whether a port is open on any of several addresses of this machine. */
export async function portAnswers(hosts: readonly string[], port: number): Promise<boolean> {
  const answers = await Promise.all(hosts.map((host) => accepts(host, port)));
  return answers.includes(true);
}

/** Waits until a port is open. Returns false if the signal aborts first. */
export async function untilPortAnswers(hosts: readonly string[], port: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await portAnswers(hosts, port)) return !signal.aborted;
    await sleep(ATTEMPT_INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** Any port works, as nothing is sent. */
const ANY_PORT = 9;

/**
 * Returns the local address that the system uses to reach another host. On a machine with several networks, that is the
 * address on the network of the registry, and most likely of its callers.
 *
 * @param url URL of the host; nothing is sent to it.
 * @returns Undefined if there is no route to it.
 */
export async function sourceAddress(url: string): Promise<string | undefined> {
  try {
    const { address, family } = await lookup(withoutBrackets(new URL(url).hostname));
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
