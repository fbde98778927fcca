import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { LaunchError } from '../../src/launcher/launch-error';

/** Waking with the largest namespace takes half a second; a slow disk or a busy machine may take far longer. */
const READY_WITHIN_MS = 60_000;
const RETRY_AFTER_MS = 50;

/** One read that goes all the way to the namespace's object and its storage. */
const PROBE_PATH = '/api/v1/ns/public/stats';

/** Where to ask, and as whom. */
interface Probe {
  /** Where it listens, without a path. */
  url: string;
  token: string;
  /** The certificate that it shows there, where it speaks TLS. */
  leaf?: X509Certificate | undefined;
}

async function ask({ url, token, leaf }: Probe, signal: AbortSignal): Promise<PinnedAnswer> {
  const headers = { Authorization: `Bearer ${token}` };
  if (leaf !== undefined) return pinnedGet(new URL(PROBE_PATH, url), leaf, headers, signal);
  const response = await fetch(`${url}${PROBE_PATH}`, { headers, signal });
  return { status: response.status, text: await response.text() };
}

/** Describes a bad answer in a few words; undefined for a good one. */
async function problemOf(probe: Probe, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status, text } = await ask(probe, signal);
    return status === 200 ? undefined : `${status} ${text.slice(0, 500)}`;
  } catch (error) {
    return error instanceof Error ? String(error.cause ?? error) : String(error);
  }
}

/** Tells whether an answer is that of a registry that will not answer better later: its storage is of a newer version. */
function isFinal(problem: string): boolean {
  return /^503 \{.*"code":"NOT_CONFIGURED"/.test(problem);
}

/**
 * Waits until the registry answers a read of its namespace.
 *
 * @param signal Ends the wait, because the answer is not needed any more or the process that would give it is gone.
 * @throws {LaunchError} if no good answer came within a minute, or none will ever come, with the last one.
 */
export async function untilReady(probe: Probe, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_WITHIN_MS)]);
  let answered = 'nothing came back';
  while (!deadline.aborted) {
    const problem = await problemOf(probe, deadline);
    if (problem === undefined) return;
    // What the end of the wait cut off is no answer.
    if (!deadline.aborted) answered = problem;
    if (isFinal(problem)) break;
    await sleep(RETRY_AFTER_MS);
  }
  throw new LaunchError(`The registry listens on ${probe.url} but does not answer: ${answered}`);
}

/** An answer. */
interface PinnedAnswer {
  status: number;
  text: string;
}

/**
 * Sends a GET to the server that shows this very certificate, whatever its names and signer: what starts workerd asks its own
 * workerd, by an address that is mostly not among them. Nothing is sent before the certificate was seen.
 *
 * @throws {Error} if another certificate is shown, or nothing comes back.
 */
async function pinnedGet(
  url: URL,
  leaf: X509Certificate,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<PinnedAnswer> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(url.port), rejectUnauthorized: false });
  // Between two waits no listener is there, and an error without one ends the process: each wait has its own.
  socket.on('error', () => {});
  try {
    await once(socket, 'secureConnect', { signal });
    if (socket.getPeerX509Certificate()?.fingerprint256 !== leaf.fingerprint256) {
      throw new Error('somebody else answers there, with another certificate');
    }
    const asked = request(url, { headers, signal, createConnection: () => socket });
    asked.end();
    const [response] = await once(asked, 'response');
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += part;
    return { status: response.statusCode, text };
  } finally {
    socket.destroy();
  }
}
