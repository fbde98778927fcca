import { parseJson } from '../../model/json';
import { connectionProblem } from '../connection/traced-fetch';
import { CliError, EXIT } from '../terminal/failure';

/** Credentials for a source. Never printed. */
export interface SourceCredentials {
  user?: string | undefined;
  password?: string | undefined;
  token?: string | undefined;
}

/** Timeout of a request to the source, beyond the time that the source was asked to wait. */
const ANSWER_TIMEOUT_MS = 15_000;

/** Characters of an error's text that are quoted. */
const QUOTED_CHARACTERS = 200;

/** Decodes a part of a URL. A password may contain a bare `%`, which is kept. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** HTTP client of another registry. */
export class SourceHttp {
  /** URL without user, password, query and trailing slash. Never printed: its path may contain a token. */
  readonly url: string;
  readonly credentials: SourceCredentials;

  /**
   * @param text URL; may contain user and password, but `credentials` take precedence.
   * @throws {CliError} If it is not a valid URL.
   */
  constructor(text: string, credentials: SourceCredentials = {}) {
    if (!URL.canParse(text) || !/^https?:/i.test(text)) {
      throw new CliError(EXIT.usage, 'The url of the source must start with http:// or https://.');
    }
    const { protocol, host, pathname, username, password } = new URL(text);
    this.url = `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
    this.credentials = {
      user: credentials.user ?? (username === '' ? undefined : decoded(username)),
      password: credentials.password ?? (password === '' ? undefined : decoded(password)),
      token: credentials.token,
    };
  }

  /** The host, for the name of a mirror. */
  get host(): string {
    return new URL(this.url).host;
  }

  /**
   * Makes a call, and returns the response with any status.
   *
   * @param path Path below the URL.
   * @param waitMs Time for which the source may wait before it responds, in milliseconds.
   * @throws {CliError} If there is no response. The message contains only the host: path and query of the URL may contain
   * tokens.
   */
  async answer(
    path: string,
    init: RequestInit = {},
    query: Record<string, string> = {},
    waitMs = 0,
  ): Promise<Response> {
    const parameters = new URLSearchParams(query).toString();
    const timeoutMs = waitMs + ANSWER_TIMEOUT_MS;
    const late = AbortSignal.timeout(timeoutMs);
    const { signal } = init;
    try {
      return await fetch(`${this.url}${path}${parameters === '' ? '' : `?${parameters}`}`, {
        ...init,
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
    } catch (error) {
      signal?.throwIfAborted();
      const why = late.aborted ? `no response within ${timeoutMs / 1_000} s` : connectionProblem(error);
      throw new CliError(EXIT.unreachable, `Cannot reach the source ${this.host}: ${why}.`, undefined, {
        cause: error,
      });
    }
  }

  /**
   * Makes a call that must succeed, and returns its JSON.
   *
   * @throws {CliError} If it fails, or the response is not JSON.
   */
  async json(path: string, init: RequestInit = {}, query: Record<string, string> = {}): Promise<unknown> {
    return (await this.read(path, init, query)).value;
  }

  /**
   * Makes a call that must succeed, and returns its JSON and its headers.
   *
   * @param waitMs Time for which the source may wait before it responds, in milliseconds.
   * @throws {CliError} If it fails, or the response is not JSON.
   */
  async read(
    path: string,
    init: RequestInit = {},
    query: Record<string, string> = {},
    waitMs = 0,
  ): Promise<{ value: unknown; headers: Headers }> {
    const answer = await this.answer(path, init, query, waitMs);
    const { status, headers } = answer;
    if (status === 401 || status === 403) {
      throw new CliError(
        EXIT.denied,
        `The source refused ${path} with status ${status}${await reasonIn(answer)}.`,
        'Set its user and password, or a token: see rollcall sync --help',
      );
    }
    if (status !== 200) {
      throw new CliError(
        status >= 500 ? EXIT.unreachable : EXIT.failure,
        `The source responded to ${path} with status ${status}${await reasonIn(answer)}.`,
        'Check that the url is the one that its clients use, including the path.',
      );
    }
    let text: string;
    try {
      text = await answer.text();
    } catch (error) {
      init.signal?.throwIfAborted();
      throw new CliError(EXIT.unreachable, `The response of the source to ${path} was cut off.`, undefined, {
        cause: error,
      });
    }
    try {
      return { value: parseJson(text), headers };
    } catch (error) {
      throw new CliError(EXIT.failure, `The response of the source to ${path} is not JSON.`, undefined, {
        cause: error,
      });
    }
  }
}

/** Returns the reason of an error, if the source gives one as a line of text, as Consul does. */
async function reasonIn(answer: Response): Promise<string> {
  const isText = answer.headers.get('Content-Type')?.startsWith('text/plain') ?? true;
  const text = isText ? (await answer.text().catch(() => '')).trim() : '';
  return text === '' || /[^\x20-\x7e]|</.test(text) ? '' : `: ${text.slice(0, QUOTED_CHARACTERS).replace(/\.$/, '')}`;
}
