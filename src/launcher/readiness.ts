import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error';

/** Waking with the largest namespace takes half a second; a slow disk or a busy machine may take far longer. */
const READY_WITHIN_MS = 60_000;
const RETRY_AFTER_MS = 50;

/** One read that goes all the way to the namespace's object and its storage. */
const PROBE_PATH = '/api/v1/ns/public/stats';

/** What came back, in a few words; undefined if it was a good answer. */
async function probe(url: string, token: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}${PROBE_PATH}`, { headers: { Authorization: `Bearer ${token}` }, signal });
    const body = await response.text();
    return response.ok ? undefined : `${response.status} ${body.slice(0, 500)}`;
  } catch (error) {
    return error instanceof Error ? String(error.cause ?? error) : String(error);
  }
}

/**
 * Waits until the registry answers a read of its namespace.
 *
 * @param url Where it listens, without a path.
 * @param signal Ends the wait, because nobody needs the answer any more or there is nobody left to give it.
 * @throws {LaunchError} if no good answer came within a minute, with the last one.
 */
export async function untilReady(url: string, token: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_WITHIN_MS)]);
  let answered = 'nothing came back';
  while (!deadline.aborted) {
    const problem = await probe(url, token, deadline);
    if (problem === undefined) return;
    // What the end of the wait cut off is no answer.
    if (!deadline.aborted) answered = problem;
    await sleep(RETRY_AFTER_MS);
  }
  throw new LaunchError(`The registry listens on ${url} but does not answer: ${answered}`);
}
