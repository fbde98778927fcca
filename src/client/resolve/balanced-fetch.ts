import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import type { Attempt, Balancer, RetryBudget } from './balancer';

/** How a resolver's `fetch` goes about it. */
export interface FetchOptions {
  /** Instances that one call is tried on at most: 3. */
  maxAttempts?: number | undefined;
  /** How long one instance may take for the head of its answer, in milliseconds; as long as it likes without it. */
  attemptTimeoutMs?: number | undefined;
  /** Makes the requests. Default: the runtime's own. */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
}

export interface ResolverRequestInit extends RequestInit {
  /** What the call is about, for selectors that go by it. */
  key?: string | undefined;
  /** Instead of the resolver's. */
  attemptTimeoutMs?: number | undefined;
}

interface Parts {
  service: string;
  /** Undefined where there is a list already. */
  ready: Promise<void> | undefined;
  balancer: Balancer;
  budget: RetryBudget;
  time: Time;
}

/** How long the first call of all waits for the first list. */
const FIRST_LIST_MAX_MS = 5_000;

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i;

/** Answers that say that another instance may do better. Envoy's `gateway-error`. */
const GATEWAY_ERRORS = [502, 503, 504];

/** Sends one request to one instance after the other until one answers: see `Resolver.fetch`. */
export async function balancedFetch(
  { service, ready, balancer, budget, time }: Parts,
  options: FetchOptions,
  input: string | URL | Request,
  { key, attemptTimeoutMs = options.attemptTimeoutMs, ...init }: ResolverRequestInit,
): Promise<Response> {
  const { maxAttempts = 3, fetch: send = (request: Request) => fetch(request) } = options;
  const given = input instanceof Request ? input : undefined;
  const path = pathOf(input instanceof Request ? input.url : input);
  const signal = init.signal ?? given?.signal;
  const isRepeatable = canRepeat(given, init);
  const failures: string[] = [];

  /** An answer, or why there is none. */
  async function tryOn(attempt: Attempt): Promise<Response | { reason: string; cause: unknown }> {
    const timeout = new AbortController();
    let outcome: 'success' | 'failure' | 'aborted' = 'aborted';
    let cancel: (() => void) | undefined;
    try {
      const signals = [signal, attemptTimeoutMs === undefined ? undefined : timeout.signal].filter(
        (one) => one != null,
      );
      const url = attempt.endpoint.url + path;
      // What makes no request throws here, and is nobody's fault but the caller's.
      const request = new Request(given === undefined ? url : new Request(url, given), {
        ...init,
        signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0],
      });
      if (attemptTimeoutMs !== undefined) cancel = time.after(attemptTimeoutMs, () => timeout.abort(), true);
      outcome = 'failure';
      const response = await send(request);
      if (response.status < 500) outcome = 'success';
      return response;
    } catch (cause) {
      if (outcome === 'aborted') throw cause;
      if (signal?.aborted) {
        // A deadline of the caller's tells something of the instance; a change of mind does not.
        if (signal.reason?.name !== 'TimeoutError') outcome = 'aborted';
        throw cause;
      }
      return { reason: timeout.signal.aborted ? `no answer within ${attemptTimeoutMs} ms` : reasonOf(cause), cause };
    } finally {
      cancel?.();
      attempt.end(outcome);
    }
  }

  if (ready !== undefined) await firstList(ready, service, time, signal);
  const picker = balancer.picker(key);
  let attempt = picker.next();
  if (attempt === undefined) throw new RollcallError('UNAVAILABLE', `${service} has no instance that takes calls`);
  budget.request(time.now());
  for (;;) {
    const result = await tryOn(attempt);
    const isAnswer = 'status' in result;
    if (isAnswer && !GATEWAY_ERRORS.includes(result.status)) return result;
    const { id, url } = attempt.endpoint;
    failures.push(`${id} at ${url}: ${isAnswer ? result.status : result.reason}`);
    const mayRetry = isRepeatable && failures.length < maxAttempts && budget.tryRetry(time.now());
    attempt = mayRetry ? picker.next() : undefined;
    if (attempt === undefined) {
      if (isAnswer) return result;
      throw new RollcallError('UNAVAILABLE', `no answer from ${service}; tried ${failures.join('; ')}`, {
        cause: result.cause,
      });
    }
    // Nobody reads it: let its connection go.
    if (isAnswer) result.body?.cancel().catch(() => {});
  }
}

/** Path and query, with a slash before them. */
function pathOf(input: string | URL): string {
  const text = String(input);
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return text.startsWith('/') ? text : `/${text}`;
  const { pathname, search } = new URL(text);
  return pathname + search;
}

function canRepeat(given: Request | undefined, init: RequestInit): boolean {
  const isIdempotent =
    IDEMPOTENT.test(init.method ?? given?.method ?? 'GET') ||
    new Headers(init.headers ?? given?.headers).has('idempotency-key');
  // A body that comes bit by bit is gone once it was sent. That of a request is always one.
  const body: object = Object(init.body ?? given?.body);
  return isIdempotent && !(body instanceof ReadableStream || Symbol.asyncIterator in body);
}

/** `fetch` says why a connection failed in its error's cause, if at all. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } }; // `as`: asked for, not taken for granted
  return [message ?? String(error), cause?.code ?? cause?.message].filter(Boolean).join(': ');
}

/** Waits for the first list, but not for ever: a registry that can't be reached at the start is an error. */
function firstList(ready: Promise<void>, service: string, time: Time, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new RollcallError('UNAVAILABLE', `the registry has not told who answers for ${service}`));
    const cancel = time.after(FIRST_LIST_MAX_MS, late, true);
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    ready.then(resolve, reject).finally(() => {
      cancel();
      signal?.removeEventListener('abort', abort);
    });
  });
}
