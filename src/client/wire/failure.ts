import type { FieldError, RollcallError } from './rollcall-error';

/**
 * Describes failed requests. Loaded on demand, because most programs never need it, and without imports, which would
 * split the first load into more files.
 */

/** Arguments of a `RollcallError`. */
type ErrorParts = ConstructorParameters<typeof RollcallError>;

/** Properties of the request that failed. */
interface Failed {
  /** Token of the request, which the error must not contain. */
  token: string | undefined;
  /** True if the server has never answered. */
  isNew: boolean;
}

/** Body of an error response; any member may be missing. */
interface Problem {
  code?: string;
  detail?: string;
  errors?: FieldError[];
}

/** Errors of runtimes for a server that answers a TLS handshake with something else: Node, Deno, Bun. */
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|InvalidContentType|EPROTO/;

/** Errors of runtimes for a server that closes the connection, as one with TLS does after a plain request. */
const CLOSED = /other side closed|Parse Error|hang up|closed before message|invalid HTTP version/i;

/** Returns the messages of an error's causes: a runtime's `fetch` often says only that it failed. */
function causesOf(error: unknown, depth = 0): string {
  // `as`: each member is checked
  const { message, code, cause, errors } = Object(error) as {
    message?: unknown;
    code?: unknown;
    cause?: unknown;
    errors?: unknown;
  };
  if (depth < 5) {
    if (cause instanceof Error) return causesOf(cause, depth + 1);
    // Node tries each address of a name, and then has one error for each.
    if (Array.isArray(errors) && errors.length > 0) {
      return [...new Set(errors.map((one) => causesOf(one, depth + 1)))].join(', ');
    }
  }
  const text = typeof message === 'string' && message !== '' ? message.trim() : '';
  if (typeof code !== 'string' || text.includes(code)) return text || String(error);
  return text === '' ? code : `${text} (${code})`;
}

/** Returns a text without the secrets that a runtime's message may quote: the token, and the query of a URL. */
function withoutSecrets(text: string, token: string | undefined): string {
  const plain = token ? text.replaceAll(token, '<token>') : text;
  return plain.replace(/error sending request .*?\): /, '').replace(/(\w:\/\/[^\s?'")]*)\?[^\s'")]*/g, '$1');
}

/** Adds advice on the scheme of the URL to a reason, if it may be the wrong one: not if there were responses before. */
function withAdvice(reason: string, what: string, isNew: boolean): string {
  const isSecure = / (https|wss):/.test(what);
  if (isSecure && NO_TLS.test(reason)) return 'the server does not use TLS on this port; try a url with http://';
  return !isSecure && isNew && CLOSED.test(reason)
    ? `${reason}; if the server uses TLS, the url must start with https://`
    : reason;
}

/**
 * Describes the failure of a request.
 *
 * @param failure An error of the runtime, or a response that is an error or not a registry's.
 * @param what The request: `GET https://registry.example/health`.
 * @param problem What an error of the runtime means: `got no response`.
 */
export async function failureOf(
  failure: unknown,
  what: string,
  problem: string,
  { token, isNew }: Failed,
): Promise<ErrorParts> {
  if (failure instanceof Response) return refusal(failure, what);
  const causes = causesOf(failure);
  const isSecret = token !== undefined && token !== '' && causes.includes(token);
  const reason = withAdvice(withoutSecrets(causes, token), what, isNew);
  return ['UNREACHABLE', `${what} ${problem}: ${reason}`, { cause: isSecret ? undefined : failure }];
}

/** Describes a response that is an error, or that is not a registry's. It may come from a gateway or another server, with a page instead of JSON. */
async function refusal(answer: Response, what: string): Promise<ErrorParts> {
  const { status, headers } = answer;
  let problem: Problem = {};
  try {
    const parsed: unknown = await answer.json();
    if (typeof parsed === 'object' && parsed !== null) problem = parsed;
  } catch {
    // Not a response of the registry: only the status is known.
  }
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  const { code, detail, errors } = problem;
  if (status >= 400 && typeof code === 'string' && typeof detail === 'string') {
    return [code, detail, { status, errors, retryAfterMs }];
  }
  const type = headers.get('content-type')?.split(';')[0] ?? 'no content type';
  const foreign = `${what} was answered with status ${status} and ${type}, but not by a registry; check the url`;
  const isPassing = status >= 500 || status === 429;
  return [isPassing ? 'UNAVAILABLE' : 'INVALID_REQUEST', foreign, { status, retryAfterMs }];
}
