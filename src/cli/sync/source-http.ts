import { parseJson } from '../../model/json';
import { connectionProblem } from '../connection/traced-fetch';
import { CliError, EXIT } from '../terminal/failure';

/** What a source is shown. Never printed. */
export interface SourceCredentials {
  user?: string | undefined;
  password?: string | undefined;
  token?: string | undefined;
}

/** A source that has not answered by then counts as away. */
const ANSWER_TIMEOUT_MS = 15_000;

/** A part of a url without its escapes. A password may be written with a bare `%`, which is one then. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Calls of another registry's HTTP API. */
export class SourceHttp {
  /** Where it answers, without user, password, query and the slash at its end. Never printed: its path may hold a token. */
  readonly url: string;
  readonly credentials: SourceCredentials;

  /**
   * @param text May hold user and password; what the credentials hold goes first.
   * @throws {CliError} if it is no url.
   */
  constructor(text: string, credentials: SourceCredentials = {}) {
    if (!URL.canParse(text) || !/^https?:/i.test(text)) {
      throw new CliError(EXIT.usage, 'The url of the source must begin with http:// or https://.');
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
   * Makes a call, and returns its answer whatever its status.
   *
   * @param path Below the url.
   * @throws {CliError} if there is no answer, with no more of the call than its host: the path of the url may hold a
   * token, and a query another.
   */
  async answer(path: string, init: RequestInit = {}, query: Record<string, string> = {}): Promise<Response> {
    const parameters = new URLSearchParams(query).toString();
    const late = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const { signal } = init;
    try {
      return await fetch(`${this.url}${path}${parameters === '' ? '' : `?${parameters}`}`, {
        ...init,
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
    } catch (error) {
      signal?.throwIfAborted();
      const why = late.aborted ? `it has not answered within ${ANSWER_TIMEOUT_MS / 1_000} s` : connectionProblem(error);
      throw new CliError(EXIT.unreachable, `The source ${this.host} can't be reached: ${why}.`, undefined, {
        cause: error,
      });
    }
  }

  /**
   * Makes a call that has to succeed, and returns what it answers.
   *
   * @throws {CliError} if it does not, or answers no JSON.
   */
  async json(path: string, init: RequestInit = {}, query: Record<string, string> = {}): Promise<unknown> {
    const answer = await this.answer(path, init, query);
    const { status } = answer;
    if (status === 401 || status === 403) {
      throw new CliError(
        EXIT.denied,
        `The source refuses ${path} with ${status}.`,
        'Give its user and password, or a token: see rollcall sync --help',
      );
    }
    if (status !== 200) {
      throw new CliError(
        status >= 500 ? EXIT.unreachable : EXIT.failure,
        `The source answers ${path} with ${status}.`,
        'Is its url that of the registry, with the path that its clients are given?',
      );
    }
    let text: string;
    try {
      text = await answer.text();
    } catch (error) {
      init.signal?.throwIfAborted();
      throw new CliError(EXIT.unreachable, `The answer of the source to ${path} broke off.`, undefined, {
        cause: error,
      });
    }
    try {
      return parseJson(text);
    } catch (error) {
      throw new CliError(EXIT.failure, `The source answers ${path} with something that is no JSON.`, undefined, {
        cause: error,
      });
    }
  }
}
