import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** A complete answer. */
export interface HttpAnswer {
  status: number;
  text: string;
  headers: IncomingHttpHeaders;
}

/** Thrown if there is no answer, or one with an unknown outcome: the change may have happened or not. */
export class OutcomeUnknown extends Error {}

/** Calls one namespace of a registry over keep-alive connections. */
export class HttpCaller {
  readonly #base: string;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #agent = new Agent({ keepAlive: true });

  /** @param timeoutMs Time after which a call without an answer fails. */
  constructor(url: string, token: string, timeoutMs = 10_000) {
    this.#base = `${url}/api/v1/ns/public`;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {OutcomeUnknown} if there is no answer. */
  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new OutcomeUnknown(error.message, { cause: error }));
      const options = {
        method,
        agent: this.#agent,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
      };
      const call = request(this.#base + path, options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', fail);
        // A connection that breaks in the middle of an answer also ends it: only a complete answer counts.
        response.on('close', () => {
          clearTimeout(timer);
          if (!response.complete) fail(new Error('the answer is cut off'));
          else resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
        });
      });
      const late = () => call.destroy(new Error(`no answer within ${this.#timeoutMs} ms`));
      const timer = setTimeout(late, this.#timeoutMs);
      call.on('error', (error) => {
        clearTimeout(timer);
        fail(error);
      });
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
