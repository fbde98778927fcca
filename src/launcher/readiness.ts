import type { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error';
import { type PinnedAnswer, pinnedGet } from './pinned-get';

/** Waking with the largest namespace takes half a second; a slow disk or a busy machine may take far longer. */
const READY_WITHIN_MS = 60_000;
const RETRY_AFTER_MS = 50;

/** One read that goes all the way to the namespace's object and its storage. */
const PROBE_PATH = '/api/v1/ns/public/stats';

/** Where to ask, and as whom. */
export interface Probe {
  /** Where it listens, without a path. */
  url: string;
  token: string;
  /** What it shows there, where it speaks TLS. */
  leaf?: X509Certificate | undefined;
}

async function ask({ url, token, leaf }: Probe, signal: AbortSignal): Promise<PinnedAnswer> {
  const headers = { Authorization: `Bearer ${token}` };
  if (leaf !== undefined) return pinnedGet(new URL(PROBE_PATH, url), leaf, headers, signal);
  const response = await fetch(`${url}${PROBE_PATH}`, { headers, signal });
  return { status: response.status, text: await response.text() };
}

/** What came back, in a few words; undefined if it was a good answer. */
async function problemOf(probe: Probe, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status, text } = await ask(probe, signal);
    return status === 200 ? undefined : `${status} ${text.slice(0, 500)}`;
  } catch (error) {
    return error instanceof Error ? String(error.cause ?? error) : String(error);
  }
}

/** Whether an answer is that of a registry that will not answer better later: its storage is of a newer version. */
function isFinal(problem: string): boolean {
  return /^503 \{.*"code":"NOT_CONFIGURED"/.test(problem);
}

/**
 * Waits until the registry answers a read of its namespace.
 *
 * @param signal Ends the wait, because nobody needs the answer any more or there is nobody left to give it.
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
