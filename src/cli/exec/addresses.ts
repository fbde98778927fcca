import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One attempt to connect to an own address takes no longer than this. */
const ATTEMPT_TIMEOUT_MS = 1_000;

/** Between two attempts: soon after it listens, and for nothing where starting takes long. */
const ATTEMPT_INTERVAL_MS = 100;

/** Whether something accepts a TCP connection there. */
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

/** Whether a port answers on any of several addresses of this machine. */
export async function portAnswers(hosts: readonly string[], port: number): Promise<boolean> {
  const answers = await Promise.all(hosts.map((host) => accepts(host, port)));
  return answers.includes(true);
}

/** Waits until a port answers. False where the signal is aborted before. */
export async function untilPortAnswers(hosts: readonly string[], port: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await portAnswers(hosts, port)) return !signal.aborted;
    await sleep(ATTEMPT_INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

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
