import { Agent, request } from 'node:http';
import { decodeCursor } from '../../src/registry/cursor';
import type { Revisions } from './revisions';

/** An answer of the registry. */
export interface Answer {
  status: number;
  /** Parsed JSON; undefined where there is no body. */
  body: unknown;
  /** When the call began and when its answer was complete, in milliseconds since the epoch. */
  sentAt: number;
  answeredAt: number;
}

/** No answer, or one that says that the outcome is unknown: the change may have happened or not. */
export class OutcomeUnknown extends Error {}

/** Calls one namespace over connections that stay open, and has every cursor it is shown checked. */
export class RegistryClient {
  readonly #base: string;
  readonly #token: string;
  readonly #revisions: Revisions;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string, token: string, revisions: Revisions) {
    this.#base = `${url}/api/v1/ns/public`;
    this.#token = token;
    this.#revisions = revisions;
  }

  /** @throws {OutcomeUnknown} where there is no answer, or `UNAVAILABLE`. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const floor = this.#revisions.newest;
    const sentAt = Date.now();
    const { status, text, cursor } = await this.#send(method, path, body);
    if (status === 503) throw new OutcomeUnknown(text);
    const position = cursor === undefined ? undefined : decodeCursor(cursor);
    if (position !== undefined) this.#revisions.see(position, floor, `${method} ${path}`);
    const answer = { status, body: text === '' ? undefined : JSON.parse(text), sentAt, answeredAt: Date.now() };
    if (status >= 500) this.#revisions.violations.push(`${method} ${path} answered ${status} ${text}`);
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, body: unknown): Promise<{ status: number; text: string; cursor?: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new OutcomeUnknown(error.message, { cause: error }));
      const headers = {
        Authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      };
      const call = request(this.#base + path, { method, headers, agent: this.#agent, timeout: 10_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', fail);
        // A connection that breaks in the middle of an answer ends it too: only a complete answer counts.
        response.on('close', () => {
          const cursor = response.headers['rollcall-cursor'];
          if (!response.complete) fail(new Error('the answer is cut off'));
          else resolve({ status: response.statusCode ?? 0, text, ...(typeof cursor === 'string' ? { cursor } : {}) });
        });
      });
      call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
      call.on('error', fail);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
