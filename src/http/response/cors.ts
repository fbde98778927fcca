import { quote, RegistryError } from '../../model/errors';
import { PREFLIGHT_MAX_AGE_MS } from '../../model/limits';
import { COMMON_HEADERS } from './answers';

/** Splits a list of origins, which commas or blanks part. */
export function splitOrigins(text: string | null | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((origin) => origin !== '');
}

/** What is wrong with a list of origins, as the refusal of every request; undefined where nothing is. */
export function originsProblem(origins: readonly string[]): RegistryError | undefined {
  const wrong = origins.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return undefined;
  return new RegistryError(
    'NOT_CONFIGURED',
    `ROLLCALL_CORS_ORIGINS holds ${quote(wrong)}, which is no origin; write each as a browser sends it, such as https://console.example.com, without a path and without *`,
  );
}

function isOrigin(text: string): boolean {
  // A URL may hold a star, an origin of a browser never does.
  if (text.includes('*') || !URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && origin === text;
}

/** What a page may send. */
const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const ALLOWED_HEADERS =
  'Authorization, Content-Type, If-Match, If-None-Match, Prefer, Last-Event-ID, Rollcall-Subscriber, X-Request-Id';

/** What a page may read of an answer, beside the few headers that it always may. */
const EXPOSED_HEADERS =
  'Age, Allow, ETag, Location, Preference-Applied, Retry-After, Rollcall-Api, Rollcall-Cursor, Rollcall-Subscriber, WWW-Authenticate, X-Request-Id';

/**
 * Lets pages of some origins call the registry from a browser. It knows origins by their exact text, and never says `*`:
 * to any other page the registry is as it is without CORS. No cookie and no login of the browser is ever allowed: a page
 * that wants to call shows a token.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /**
   * Answers a request: a preflight here, without a token and without a look at what it asks about; any other as `answer`
   * does, with leave for the page to read it.
   */
  async around(request: Request, answer: (request: Request) => Response | Promise<Response>): Promise<Response> {
    const { headers, method } = request;
    const origin = headers.get('origin');
    if (origin === null || !this.#origins.has(origin)) return answer(request);
    if (method === 'OPTIONS' && headers.has('access-control-request-method')) return preflight(origin);
    const response = await answer(request);
    // Browsers ask nobody about a WebSocket; its answer can't be changed, and is the namespace's.
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
