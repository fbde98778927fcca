import { quote, RegistryError } from '../../model/errors';
import { PREFLIGHT_MAX_AGE_MS } from '../../model/limits';
import { COMMON_HEADERS } from './answers';

/** Splits a list of origins, separated by commas or spaces. */
export function splitOrigins(text: string | null | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((origin) => origin !== '');
}

/** Returns the error of an invalid list of origins, which refuses every request; undefined if the list is valid. */
export function originsProblem(origins: readonly string[]): RegistryError | undefined {
  const wrong = origins.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_CORS_ORIGINS contains ${quote(wrong)}, which is not an origin; write each origin as browsers send it, such as https://console.example.com, without a path or *`,
  );
}

function isOrigin(text: string): boolean {
  // A URL may contain a star; an origin from a browser never does.
  if (text.includes('*') || !URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && origin === text;
}

/** Methods and headers that a page may send. */
const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const ALLOWED_HEADERS =
  'Authorization, Content-Type, If-Match, If-None-Match, Prefer, Last-Event-ID, Rollcall-Subscriber, X-Request-Id';

/** Response headers that a page may read, apart from the few that it always may. */
const EXPOSED_HEADERS =
  'Age, Allow, ETag, Location, Preference-Applied, Retry-After, Rollcall-Acquired-Revision, Rollcall-Api, Rollcall-Created-Revision, Rollcall-Cursor, Rollcall-Lease, Rollcall-Lock, Rollcall-Revision, Rollcall-Subscriber, Rollcall-Version, WWW-Authenticate, X-Request-Id';

/**
 * Lets pages of some origins call the registry from a browser. Origins must match exactly, and `*` is never sent: for
 * any other page the registry behaves as without CORS. Cookies and other browser credentials are never allowed: a page
 * has to send a token.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /**
   * Handles a request: answers a preflight itself, without a token and regardless of its path; passes any other to
   * `answer` and lets the page read the response.
   */
  async around(request: Request, answer: (request: Request) => Response | Promise<Response>): Promise<Response> {
    const { headers, method } = request;
    const origin = headers.get('origin');
    if (origin === null || !this.#origins.has(origin)) return answer(request);
    if (method === 'OPTIONS' && headers.has('access-control-request-method')) return preflight(origin);
    const response = await answer(request);
    // CORS does not apply to WebSockets, and their response comes from the namespace and is immutable.
    if (response.status === 101) return response;
    response.headers.set('Access-Control-Allow-Origin', origin);
    response.headers.set('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    response.headers.append('Vary', 'Origin');
    return response;
  }
}

function preflight(origin: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...COMMON_HEADERS,
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Methods': ALLOWED_METHODS,
      'Access-Control-Allow-Headers': ALLOWED_HEADERS,
      'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_MS / 1_000),
      Vary: 'Origin',
    },
  });
}
