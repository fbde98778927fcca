import { BackOff } from '../wire/back-off';
import type { ClientCore } from '../wire/client-core';
import type { CallOptions } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import { pause } from '../wire/time';

/** Default number of attempts at a call that is safe to retry. */
const ATTEMPTS_COUNT = 3;

/** Longest pause before another attempt, unless the registry asks for a longer one. */
const PAUSE_MAX_MS = 2_000;

/** Settings of a call. */
export interface CallSettings {
  signal?: AbortSignal | undefined;
  /** Time until the response starts, in milliseconds, for each attempt. Default: ten seconds. */
  timeoutMs?: number | undefined;
}

/** Codes of failures after which the registry may or may not have carried out the request. */
const UNANSWERED: readonly string[] = ['UNREACHABLE', 'UNAVAILABLE', 'DEADLINE_EXCEEDED'];

/** Reports whether a failed request may have been carried out. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof RollcallError && UNANSWERED.includes(error.code);

/** A call to the registry. */
export interface EntryCall extends CallOptions {
  method: string;
  /** Path below the namespace, beginning with a slash. */
  path: string;
  /** True: the call is safe to retry, and is repeated if it was not answered. */
  isRepeatable: boolean;
  /** Maximum number of attempts. */
  attempts?: number | undefined;
}

/**
 * Makes a call, and returns its response.
 *
 * @throws {RollcallError} The error of the last attempt.
 */
export async function send(core: ClientCore, call: EntryCall): Promise<Answer> {
  const { method, path, isRepeatable, attempts = ATTEMPTS_COUNT, ...options } = call;
  const backOff = new BackOff(core.time);
  backOff.mostMs = PAUSE_MAX_MS;
  const whole = core.http.namespacePath + path;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await core.http.request(method, whole, options);
      const text = await readText(core, answer, method, whole, options.signal);
      const cursor = answer.headers.get('rollcall-cursor') ?? '';
      return { status: answer.status, cursor, body: text === '' ? undefined : JSON.parse(text) };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRepeatable || attempt >= attempts || !isUnanswered(error)) throw error;
      const { retryAfterMs = 0 } = error as RollcallError; // `as`: only those are unanswered
      await pause(core.time, Math.max(backOff.next(), retryAfterMs), options.signal ?? new AbortController().signal);
      options.signal?.throwIfAborted();
    }
  }
}

/** A response of the registry. */
export interface Answer {
  status: number;
  cursor: string;
  /** Parsed JSON; undefined if the body is empty. */
  body: unknown;
}

async function readText(
  { http }: ClientCore,
  answer: Response,
  method: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    return await answer.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw await http.failure(error, method, path, 'sent an incomplete response');
  }
}
