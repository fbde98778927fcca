import { decodeCursor } from '../../src/model/cursor';
import { HttpCaller, OutcomeUnknown } from '../http/http-caller';
import type { Revisions } from './revisions';

/** A response of the registry. */
export interface Answer {
  status: number;
  /** Parsed JSON; undefined if there is no body. */
  body: unknown;
  /** Times at which the call began and its response was complete, in milliseconds since the epoch. */
  sentAt: number;
  answeredAt: number;
}

/** Calls one namespace, and checks every cursor in the responses. */
export class RegistryClient {
  readonly #caller: HttpCaller;
  readonly #revisions: Revisions;

  constructor(url: string, token: string, revisions: Revisions) {
    this.#caller = new HttpCaller(url, token);
    this.#revisions = revisions;
  }

  /** @throws {OutcomeUnknown} If there is no response, or it is `UNAVAILABLE`. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const floor = this.#revisions.newest;
    const sentAt = Date.now();
    const { status, text, headers } = await this.#caller.call(method, path, body);
    if (status === 503) throw new OutcomeUnknown(text);
    const position = decodeCursor(String(headers['rollcall-cursor'] ?? ''));
    if (position !== undefined) this.#revisions.see(position, floor, `${method} ${path}`);
    const answer = { status, body: text === '' ? undefined : JSON.parse(text), sentAt, answeredAt: Date.now() };
    if (status >= 500) this.#revisions.violations.push(`${method} ${path} answered ${status} ${text}`);
    return answer;
  }

  close(): void {
    this.#caller.close();
  }
}
