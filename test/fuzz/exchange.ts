import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { FuzzRequest } from './fuzz-request';
import type { Sender } from './principals';

/** Timeout of a request that was not asked to wait, also on a busy machine. */
const DEADLINE_MS = 15_000;
/** Time after which a request that may wait or stream is abandoned. That it is still open is not a fault. */
const SHORT_DEADLINE_MS = 400;

/** Response to a request. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** `open`: still waiting or streaming, as requested, when it was abandoned. */
export type Outcome = Answer | 'open' | { failure: string };

export const isAnswer = (outcome: Outcome): outcome is Answer => typeof outcome === 'object' && 'status' in outcome;

/** A registry under test, over persistent connections. */
export class Target {
  readonly url: string;
  readonly rootToken: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(url: string, rootToken: string) {
    this.url = url;
    this.rootToken = rootToken;
  }

  /** Makes a call as root, which must succeed. */
  async must<Body>(method: string, path: string, body?: object, headers: [string, string][] = []): Promise<Body> {
    const outcome = await this.#send(
      method,
      path,
      [...this.#headersOf(body), ...headers],
      body && Buffer.from(JSON.stringify(body)),
      false,
    );
    if (!isAnswer(outcome) || outcome.status > 299)
      throw new Error(`${method} ${path} resulted in ${JSON.stringify(outcome)}`);
    return (outcome.body === '' ? undefined : JSON.parse(outcome.body)) as Body; // `as`: the caller knows the route
  }

  /** Reads a document as root. */
  read(path: string, accept: string): Promise<Outcome> {
    return this.#send('GET', path, [...this.#headersOf(undefined), ['Accept', accept]], undefined, false);
  }

  /** Sends a request as a sender. */
  send(asked: FuzzRequest, sender: Sender): Promise<Outcome> {
    const path = sender.carrier === 'path' ? `/t/${sender.secret}${asked.target}` : asked.target;
    return this.#send(asked.method, path, [...asked.headers, ...credentialOf(sender)], asked.body, asked.mayWait);
  }

  close(): void {
    this.#agent.destroy();
  }

  #headersOf(body: object | undefined): [string, string][] {
    const type: [string, string][] = body === undefined ? [] : [['Content-Type', 'application/json']];
    return [['Authorization', `Bearer ${this.rootToken}`], ...type];
  }

  #send(
    method: string,
    path: string,
    headers: [string, string][],
    body: Buffer | undefined,
    mayWait: boolean,
  ): Promise<Outcome> {
    const { hostname, port, host } = new URL(this.url);
    const lines = [['Host', host], ...headers, ...(body === undefined ? [] : [['Content-Length', `${body.length}`]])];
    return new Promise((resolve) => {
      const call = request({
        hostname,
        port,
        method,
        path,
        agent: this.#agent,
        headers: lines.flat(),
        setHost: false,
      });
      let isLeft = false;
      const timer = setTimeout(
        () => {
          isLeft = true;
          resolve(mayWait ? 'open' : { failure: `no answer within ${DEADLINE_MS} ms` });
          call.destroy();
        },
        mayWait ? SHORT_DEADLINE_MS : DEADLINE_MS,
      );
      const end = (outcome: Outcome): void => {
        clearTimeout(timer);
        resolve(outcome);
      };
      call.on('error', (error) => {
        // A server that refuses a large body unread closes the connection afterwards (RFC 9112, 9.6). This request met
        // that close.
        if (!isLeft && call.reusedSocket && 'code' in error && error.code === 'ECONNRESET') {
          this.#send(method, path, headers, body, mayWait).then(end);
        } else {
          end({ failure: error.message });
        }
      });
      call.on('upgrade', (response, socket) => {
        socket.destroy();
        end({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
      });
      call.on('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        if (headers['content-type']?.startsWith('text/event-stream') === true) {
          end({ status, headers, body: '' });
          call.destroy();
          return;
        }
        text(response).then(
          (whole) => end({ status, headers, body: whole }),
          (error: unknown) => end({ failure: `the answer broke off: ${String(error)}` }),
        );
      });
      call.end(body);
    });
  }
}

function credentialOf({ carrier, secret }: Sender): [string, string][] {
  if (carrier === 'path' || carrier === 'none') return [];
  if (carrier === 'basic') return [['Authorization', `Basic ${btoa(`root:${secret}`)}`]];
  const line: [string, string] = ['Authorization', `Bearer ${secret}`];
  return carrier === 'twice' ? [line, line] : [line];
}

/** Formats a request as a command that can be pasted, without the secret. */
export function curlLine(url: string, asked: FuzzRequest, sender: Sender): string {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const prefix = sender.carrier === 'path' ? '/t/$TOKEN' : '';
  const headers = [...asked.headers, ...credentialOf({ ...sender, secret: '$TOKEN' })];
  const words = [
    `curl -sS --path-as-is -X ${asked.method}`,
    ...headers.map((header) => `-H ${quoted(header.join(': '))}`),
  ];
  if (asked.body !== undefined) {
    const long = asked.body.length > 2_000;
    words.push(
      `--data-binary ${quoted(asked.body.subarray(0, 2_000).toString('utf8'))}${long ? ` # of ${asked.body.length} bytes` : ''}`,
    );
  }
  return `${words.join(' ')} ${quoted(url + prefix + asked.target)} # as ${sender.name}`;
}
