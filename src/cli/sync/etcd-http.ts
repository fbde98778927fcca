import { isRecord, parseJson } from '../../model/json';
import { CliError, EXIT } from '../terminal/failure';
import type { SourceHttp } from './source-http';
import { asNumber, asObject, asText } from './source-json';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Paths of the gateway: of etcd 3.4 and later, and of 3.3. */
const VERSIONS = ['/v3', '/v3beta'] as const;

/** Code of an error that says that a revision is compacted, or does not exist yet. */
export const COMPACTED = 'COMPACTED';

/** Codes of gRPC, as the gateway writes them. */
const OUT_OF_RANGE = 11;
const DENIED: ReadonlySet<number> = new Set([7, 16]);

/** Matches refusals that concern the credentials, but have the code of an invalid argument. */
const ABOUT_CREDENTIALS = /authentication|user name|permission denied|auth token|auth store/;

/** Matches refusals after which a new login helps: the token has expired, or users were changed. */
const ABOUT_LOGIN = /auth token|auth store/;

const CHECK_URL =
  'Check that the url is that of an etcd, such as http://etcd:2379, and that its JSON gateway is enabled.';
const CHECK_USER = 'Set the user and password of a user that may read the keys: see rollcall sync --help';

/** A call that etcd refused. */
interface Refusal {
  status: number;
  code: number;
  text: string;
}

/** JSON gateway of an etcd: calls and streams, with a login if there are user and password. */
export class EtcdHttp {
  readonly #http: SourceHttp;
  #version: string | undefined;
  #login: string | undefined;

  constructor(http: SourceHttp) {
    this.#http = http;
  }

  /**
   * Makes a call, and returns its result.
   *
   * @param path Path below the version, such as `/kv/range`.
   * @throws {CliError} If etcd is unreachable or refuses; with the code {@link COMPACTED} for its revision.
   */
  async call(path: string, body: JsonObject, signal: AbortSignal | undefined): Promise<JsonObject> {
    const answer = await this.#ask(path, body, signal, 0);
    return resultIn(path, await answer.text().catch((error: unknown) => cutOff(path, signal, error)));
  }

  /**
   * Opens a stream, and yields its results until it ends.
   *
   * @param mostMs Time after which the stream is aborted, at the latest, in milliseconds.
   * @throws {CliError} If etcd is unreachable or refuses, or the connection is lost.
   */
  async *stream(path: string, body: JsonObject, signal: AbortSignal, mostMs: number): AsyncGenerator<JsonObject> {
    const answer = await this.#ask(path, body, signal, mostMs);
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of answer.body ?? []) {
        const lines = `${text}${decoder.decode(chunk, { stream: true })}`.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) if (line !== '') yield this.#streamed(path, line);
      }
    } catch (error) {
      if (error instanceof CliError) throw error;
      cutOff(path, signal, error);
    }
  }

  #streamed(path: string, line: string): JsonObject {
    const { result, error } = asObject(parsed(path, line));
    if (error !== undefined) this.#refuse(path, refusalIn(0, asObject(error)));
    return resultIn(path, JSON.stringify(result));
  }

  /** Sends a request, once more after a new login if the one before has expired. */
  async #ask(path: string, body: JsonObject, signal: AbortSignal | undefined, waitMs: number): Promise<Response> {
    for (let isAgain = false; ; isAgain = true) {
      const hadLogin = this.#login !== undefined;
      const answer = await this.#send(path, body, await this.#credential(signal), signal, waitMs);
      if (answer.status === 200) return answer;
      const refusal = await refused(answer);
      if (!ABOUT_LOGIN.test(refusal.text) || !hadLogin || isAgain) this.#refuse(path, refusal);
      this.#login = undefined;
    }
  }

  /** Sends a request by the path of the gateway that this etcd has. */
  async #send(
    path: string,
    body: JsonObject,
    credential: string | undefined,
    signal: AbortSignal | undefined,
    waitMs: number,
  ): Promise<Response> {
    const versions = this.#version === undefined ? VERSIONS : [this.#version];
    for (const version of versions) {
      const headers = {
        'Content-Type': 'application/json',
        ...(credential !== undefined && { Authorization: credential }),
      };
      const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) };
      const answer = await this.#http.answer(`${version}${path}`, init, {}, waitMs);
      if (answer.status === 404 && !isJson(answer)) continue;
      this.#version = version;
      return answer;
    }
    throw new CliError(EXIT.failure, `The source has no ${path} below ${versions.join(' or ')}.`, CHECK_URL);
  }

  /** Returns the token of the environment, or that of a login; undefined without either. */
  async #credential(signal: AbortSignal | undefined): Promise<string | undefined> {
    const { user, password, token } = this.#http.credentials;
    if (token !== undefined || user === undefined) return token;
    if (this.#login !== undefined) return this.#login;
    const path = '/auth/authenticate';
    const answer = await this.#send(path, { name: user, password: password ?? '' }, undefined, signal, 0);
    if (answer.status !== 200) this.#refuse(path, await refused(answer));
    this.#login = asText(resultIn(path, await answer.text()).token);
    return this.#login;
  }

  /** @throws {CliError} Always. */
  #refuse(path: string, { status, code, text }: Refusal): never {
    const message = `The source refused ${path}: ${text.replace(/^etcdserver: /, '')}.`;
    if (code === OUT_OF_RANGE) throw new CliError(EXIT.failure, message, undefined, { code: COMPACTED });
    if (DENIED.has(code) || ABOUT_CREDENTIALS.test(text)) {
      // The next call logs in again: the password may have been changed back.
      this.#login = undefined;
      throw new CliError(EXIT.denied, message, CHECK_USER);
    }
    throw new CliError(status >= 500 ? EXIT.unreachable : EXIT.failure, message, status >= 500 ? undefined : CHECK_URL);
  }
}

const isJson = (answer: Response): boolean =>
  answer.headers.get('Content-Type')?.startsWith('application/json') ?? false;

async function refused(answer: Response): Promise<Refusal> {
  const text = await answer.text().catch(() => '');
  const { status } = answer;
  // A proxy in front of etcd may respond with a page.
  return isJson(answer) ? refusalIn(status, asObject(parsed('', text))) : { status, code: 0, text: `status ${status}` };
}

/** Reads an error, as etcd up to 3.5 and from 3.6 on writes them, also within a stream. */
function refusalIn(status: number, error: JsonObject): Refusal {
  return {
    status,
    code: asNumber(error.code) ?? asNumber(error.grpc_code) ?? 0,
    text: asText(error.message) || asText(error.error) || `status ${status}`,
  };
}

/** @throws {CliError} If a text is not a result of etcd's: any other one might look like an empty etcd. */
function resultIn(path: string, text: string): JsonObject {
  const result = asObject(parsed(path, text));
  if (isRecord(result.header)) return result;
  throw new CliError(EXIT.failure, `The source did not respond to ${path} as an etcd.`, CHECK_URL);
}

function parsed(path: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new CliError(EXIT.failure, `The response of the source to ${path} is not JSON.`, CHECK_URL, { cause: error });
  }
}

/** @throws {CliError} Always, or the reason of the signal. */
function cutOff(path: string, signal: AbortSignal | undefined, error: unknown): never {
  signal?.throwIfAborted();
  throw new CliError(EXIT.unreachable, `The response of the source to ${path} was cut off.`, undefined, {
    cause: error,
  });
}
