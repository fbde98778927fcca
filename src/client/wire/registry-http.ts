import type { ClientOptions, Fetch } from './client-options';
import { RollcallError } from './rollcall-error';
import { letSleep } from './time';

/** Default time to wait for a response. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Options of a call, apart from method and path. */
export interface CallOptions {
  /** Undefined values are omitted; a list becomes a repeated parameter. */
  query?: Readonly<Record<string, QueryValue>> | undefined;
  body?: unknown;
  /** A body that is not JSON, whose type is in `headers`. A stream is sent as it is read. */
  raw?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
  /** Time until the response starts. Default: ten seconds. */
  timeoutMs?: number | undefined;
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

/** HTTP client of a namespace: returns responses or throws a {@link RollcallError}. */
export class RegistryHttp {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  /** Path of the namespace. */
  readonly namespacePath: string;
  readonly #options: ClientOptions;
  #isBackground = false;
  /** True once there was a response. */
  #hasAnswered = false;
  /** Last token, which must not be in any message. */
  #token: string | undefined;

  constructor(options: ClientOptions) {
    // The URL is in messages and logs, so it must not contain a secret.
    if (!URL.canParse(options.url) || !/^https?:\/\/[^@?#]+$/i.test(options.url)) {
      const got = options.url.replace(/[^/]*@|[?#].*/g, '…');
      throw new RollcallError(
        'INVALID_REQUEST',
        `url must be absolute, such as https://registry.example, without credentials or a query; got ${got}`,
      );
    }
    this.#options = options;
    this.url = options.url.replace(/\/+$/, '');
    this.namespacePath = `/api/v1/ns/${encodeURIComponent(options.namespace ?? 'public')}`;
  }

  servicePath({ group, service }: { group: string; service: string }): string {
    return `${this.namespacePath}/groups/${encodeURIComponent(group)}/services/${encodeURIComponent(service)}`;
  }

  instancePath({ id, ...service }: { group: string; service: string; id: string }): string {
    return `${this.servicePath(service)}/instances/${encodeURIComponent(id)}`;
  }

  /** Returns a client of the same registry whose timers don't keep the process alive; nor should this `fetch`. */
  inBackground(fetch: Fetch): RegistryHttp {
    const http = new RegistryHttp({ ...this.#options, fetch });
    http.#isBackground = true;
    return http;
  }

  /** Returns the current token; undefined if there is none. */
  async token(): Promise<string | undefined> {
    const { token } = this.#options;
    // A token that was read from a file may end with a line break.
    this.#token = (typeof token === 'function' ? await token() : token)?.trim();
    return this.#token;
  }

  /** Sends a plain request, without a token, and returns any response. */
  fetch(url: string, init: RequestInit): Promise<Response> {
    const given = this.#options.fetch;
    if (given === undefined) return fetch(url, init);
    // A service binding's `fetch` must be called as its own method.
    if ('fetch' in given) return given.fetch(url, init);
    return (given satisfies Fetch)(url, init);
  }

  /**
   * Makes a call, and returns its response with a status below 400.
   *
   * @param path Path from the root of the registry.
   * @throws {RollcallError} The registry's error, or `UNREACHABLE`.
   * @throws The reason of the caller's signal, if it aborts.
   */
  async request(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const { body, raw, headers, signal, timeoutMs = ANSWER_TIMEOUT_MS } = options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`it took longer than ${timeoutMs / 1_000} s`)), timeoutMs);
    if (this.#isBackground) letSleep(timer);
    try {
      const token = await this.token();
      const answer = await this.fetch(`${this.url}${path}${queryText(options.query)}`, {
        method,
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // Node and browsers require `duplex` for streams: no response is read before the whole body is sent.
        ...(raw !== undefined && { body: raw, duplex: 'half' }),
        // The caller's signal also aborts a response body that is still being read.
        signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
      });
      this.#hasAnswered = true;
      // A registry has no pages among its calls.
      if (answer.status >= 400 || answer.headers.get('content-type')?.includes('html')) throw answer;
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      throw await this.failure(error, method, path);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Makes a call, and returns the body of its response; undefined if that is empty. */
  async call<Body>(method: string, path: string, options: CallOptions = {}): Promise<Body> {
    const answer = await this.request(method, path, options);
    try {
      const text = await answer.text();
      return (text === '' ? undefined : JSON.parse(text)) as Body; // `as`: the caller knows the type of the response
    } catch (error) {
      options.signal?.throwIfAborted();
      throw await this.failure(error, method, path, 'sent an incomplete response');
    }
  }

  /**
   * Converts the failure of a request to an error that names its URL and the reason.
   *
   * @param failure An error of the runtime, or a response that is an error or not a registry's.
   * @param problem What an error of the runtime means.
   */
  async failure(failure: unknown, method: string, path: string, problem = 'got no response'): Promise<RollcallError> {
    if (failure instanceof RollcallError) return failure;
    // Without the query, whose values may be private.
    const what = `${method} ${this.url}${path.replace(/\?.*/, '')}`;
    try {
      const { failureOf } = await import('./failure');
      return new RollcallError(
        ...(await failureOf(failure, what, problem, { token: this.#token, isNew: !this.#hasAnswered })),
      );
    } catch {
      // Offline, a browser can't load the module either.
      return RollcallError.from(failure, `${what} ${problem}`);
    }
  }
}

function queryText(query: CallOptions['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) parameters.append(name, String(one));
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
