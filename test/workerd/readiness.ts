import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { LaunchError } from '../../src/launcher/launch-error';

/** Waking with the largest namespace takes half a second; a slow disk or a busy machine may take far longer. */
const READY_WITHIN_MS = 60_000;
const RETRY_AFTER_MS = 50;

/** A read that requires the namespace's object and its storage. */
const PROBE_PATH = '/api/v1/ns/public/stats';

/** Address and credentials of a probe. */
interface Probe {
  /** Its base URL, without a path. */
  url: string;
  token: string;
  /** The certificate that it presents, if it serves TLS. */
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

/** Returns whether a bad answer is final: the registry's storage is of a newer version. */
function isFinal(problem: string): boolean {
  return /^503 \{.*"code":"NOT_CONFIGURED"/.test(problem);
}

/**
 * Waits until the registry successfully answers a read of its namespace.
 *
 * @param signal Ends the wait, because the answer is no longer needed or the process that would give it has ended.
 * @throws {LaunchError} with the last answer, if no good one came within a minute, or none will ever come.
 */
export async function untilReady(probe: Probe, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_WITHIN_MS)]);
  let answered = 'no response';
  while (!deadline.aborted) {
    const problem = await problemOf(probe, deadline);
    if (problem === undefined) return;
    // A request that the end of the wait cut off has no answer.
    if (!deadline.aborted) answered = problem;
    if (isFinal(problem)) break;
    await sleep(RETRY_AFTER_MS);
  }
  throw new LaunchError(`The registry listens on ${probe.url} but does not answer: ${answered}`);
}

/** Status and body of an answer. */
interface PinnedAnswer {
  status: number;
  text: string;
}

/**
 * Sends a GET to the server that presents this exact certificate, whatever its names and signer: the starter of workerd
 * probes its own process, by an address that the certificate usually does not include. Sends nothing before it has checked
 * the certificate.
 *
 * @throws {Error} if the server presents another certificate, or does not answer.
 */
async function pinnedGet(
  url: URL,
  leaf: X509Certificate,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<PinnedAnswer> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(url.port), rejectUnauthorized: false });
  // Between two waits there is no other listener, and an error without one ends the process.
  socket.on('error', () => {});
  try {
    await once(socket, 'secureConnect', { signal });
    if (socket.getPeerX509Certificate()?.fingerprint256 !== leaf.fingerprint256) {
      throw new Error('another server answers there, with a different certificate');
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
