import type { ClientOptions, Fetch } from './client-options';
import { type FieldError, RollcallError } from './rollcall-error';

/** A registry that has not answered by then counts as away. */
const ANSWER_TIMEOUT_MS = 10_000;

/** What a call sends beside its method and path. */
export interface CallOptions {
  /** What is undefined is left out; a list is a parameter that comes many times. */
  query?: Readonly<Record<string, QueryValue>> | undefined;
  body?: unknown;
  /** A body of lines, in the place of one of JSON: it is sent as it is read. */
  lines?: string | ReadableStream<Uint8Array> | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
  /** Until the answer begins. Default: ten seconds. */
  timeoutMs?: number | undefined;
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

/** An error's body, as far as it is one. */
interface Problem {
  code?: string;
  detail?: string;
  errors?: FieldError[];
}

/** The registry over HTTP: paths of one namespace, and answers or a {@link RollcallError}. */
export class RegistryHttp {
  /** Without a slash at its end. */
  readonly url: string;
  /** Path of the namespace. */
  readonly namespacePath: string;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    if (!URL.canParse(options.url)) {
      throw new RollcallError(
        'INVALID_REQUEST',
        `url must be absolute, such as https://registry.example, got ${options.url}`,
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

  /** The token as it is now; undefined where there is none. */
  async token(): Promise<string | undefined> {
    const { token } = this.#options;
    return typeof token === 'function' ? await token() : token;
  }

  /** Makes a request as it is, with no token and no judgement of the answer. */
  fetch(url: string, init: RequestInit): Promise<Response> {
    const given = this.#options.fetch;
    if (given === undefined) return fetch(url, init);
    // A service binding's `fetch` must be called as its own method.
    if ('fetch' in given) return given.fetch(url, init);
    return (given satisfies Fetch)(url, init);
  }

  /**
   * Makes a call, and returns its answer: any status below 400.
   *
   * @param path From the root of the registry.
   * @throws {RollcallError} What the registry refused with, or `UNREACHABLE`; the reason of the caller's signal.
   */
  async request(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const { body, lines, headers, signal, timeoutMs = ANSWER_TIMEOUT_MS } = options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`nothing within ${timeoutMs} ms`)), timeoutMs);
    try {
      const token = await this.token();
      const answer = await this.fetch(`${this.url}${path}${queryText(options.query)}`, {
        method,
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...(lines !== undefined && { 'Content-Type': 'application/x-ndjson' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // What a stream needs to be said beside, in Node and browsers: that no answer comes before all of it is sent.
        ...(lines !== undefined && { body: lines, duplex: 'half' }),
        // The body of an answer may be read for long, and still ends with the caller's signal.
        signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
      });
      if (answer.status >= 400) throw await refusal(answer);
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      throw RollcallError.from(error, `${method} ${path} got no answer`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Makes a call, and returns what its answer says; undefined where it says nothing. */
  async call<Body>(method: string, path: string, options: CallOptions = {}): Promise<Body> {
    const answer = await this.request(method, path, options);
    try {
      const text = await answer.text();
      return (text === '' ? undefined : JSON.parse(text)) as Body; // `as`: whoever calls knows what is answered
    } catch (error) {
      options.signal?.throwIfAborted();
      throw RollcallError.from(error, `the answer to ${method} ${path} broke off`);
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

/** What an answer refuses with. A gateway in between may answer with a page of its own. */
export async function refusal(answer: Response): Promise<RollcallError> {
  const { status, headers } = answer;
  let problem: Problem = {};
  try {
    const parsed: unknown = await answer.json();
    if (typeof parsed === 'object' && parsed !== null) problem = parsed;
  } catch {
    // It is no answer of the registry's, and the status is all there is to tell.
  }
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const code = problem.code ?? (status >= 500 || status === 429 ? 'UNAVAILABLE' : 'INVALID_REQUEST');
  return new RollcallError(code, problem.detail ?? `the answer was ${status}, and not of a registry; check the url`, {
    status,
    errors: problem.errors,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
  });
}
