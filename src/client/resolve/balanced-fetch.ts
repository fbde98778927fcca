import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import type { Attempt, Balancer, RetryBudget } from './balancer';

/** Options of a resolver's `fetch`. */
export interface FetchOptions {
  /** Maximum number of instances to try per call; default 3. */
  maxAttempts?: number | undefined;
  /** Time limit for the head of one instance's response, in milliseconds; default: none. */
  attemptTimeoutMs?: number | undefined;
  /** Sends the requests. Default: the runtime's `fetch`. */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
}

export interface ResolverRequestInit extends RequestInit {
  /** Key of the call, such as a user or an order, for selectors that use one. */
  key?: string | undefined;
  /** Overrides the resolver's setting. */
  attemptTimeoutMs?: number | undefined;
}

interface Parts {
  service: string;
  /** The first list, and why there is none yet; undefined if there is a list already. */
  first: { ready: Promise<void>; readonly error: RollcallError | undefined } | undefined;
  balancer: Balancer;
  budget: RetryBudget;
  time: Time;
}

/** Time that a call waits for the first list. */
const FIRST_LIST_MAX_MS = 5_000;

/** Idempotent methods, by RFC 9110, section 9.2.2. */
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i;

/** Status codes after which another instance is tried. Source: Envoy's `gateway-error`. */
const GATEWAY_ERRORS = [502, 503, 504];

/** Sends a request to one instance after another until one responds: see `Resolver.fetch`. */
export async function balancedFetch(
  { service, first, balancer, budget, time }: Parts,
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

  /** Returns a response, or the reason why there is none. */
  async function tryOn(attempt: Attempt): Promise<Response | { reason: string; cause: unknown }> {
    const timeout = new AbortController();
    let outcome: 'success' | 'failure' | 'aborted' = 'aborted';
    let cancel: (() => void) | undefined;
    try {
      const signals = [signal, attemptTimeoutMs === undefined ? undefined : timeout.signal].filter(
        (one) => one != null,
      );
      const url = attempt.endpoint.url + path;
      // An invalid request throws here, which does not count against the instance.
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
        // The caller's timeout counts against the instance; a cancellation does not.
        if (signal.reason?.name !== 'TimeoutError') outcome = 'aborted';
        throw cause;
      }
      return { reason: timeout.signal.aborted ? `no answer within ${attemptTimeoutMs} ms` : reasonOf(cause), cause };
    } finally {
      cancel?.();
      attempt.end(outcome);
    }
  }

  if (first !== undefined) await firstList(first, service, time, signal);
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
    // The body is not read: release its connection.
    if (isAnswer) result.body?.cancel().catch(() => {});
  }
}

/** Returns path and query, with a leading slash. */
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
  // A streamed body can only be sent once. The body of a `Request` is always a stream.
  const body: object = Object(init.body ?? given?.body);
  return isIdempotent && !(body instanceof ReadableStream || Symbol.asyncIterator in body);
}

/** Returns the reason of a failed `fetch`, which is in the error's cause if the runtime provides it. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } }; // `as`: members are checked
  return [message ?? String(error), cause?.code ?? cause?.message].filter(Boolean).join(': ');
}

/** Waits for the first list, up to a timeout: an unreachable registry at the start is an error. */
function firstList(
  first: NonNullable<Parts['first']>,
  service: string,
  time: Time,
  signal?: AbortSignal | null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => {
      const cause = first.error;
      const reason = cause === undefined ? '' : `: ${cause.detail}`;
      reject(new RollcallError('UNAVAILABLE', `no list of ${service} from the registry yet${reason}`, { cause }));
    };
    const cancel = time.after(FIRST_LIST_MAX_MS, late, true);
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    first.ready.then(resolve, reject).finally(() => {
      cancel();
      signal?.removeEventListener('abort', abort);
    });
  });
}
