import type { IncomingMessage, ServerResponse } from 'node:http';
import { ListedHeaders } from './listed-headers';
import type { RequestBody } from './request-body';

const NativeRequest = globalThis.Request;
const decoder = new TextDecoder();

/**
 * A `Request` whose parts are made when they are asked for: a heartbeat asks for a method, a URL, some headers and none
 * of the rest, and building a whole one takes longer than answering it. Whatever is not here is asked of a whole one,
 * which is built then.
 */
export class LightRequest {
  readonly url: string;
  readonly method: string;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse | undefined;
  readonly #body: RequestBody | undefined;
  #headers: ListedHeaders | undefined;
  #gone: AbortController | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #whole: Request | undefined;

  /**
   * @param response Its end before it is complete means that the client is gone; undefined for an upgrade.
   * @param body Undefined: there can't be one.
   */
  constructor(message: IncomingMessage, url: string, response?: ServerResponse, body?: RequestBody) {
    this.#message = message;
    this.url = url;
    this.method = message.method ?? 'GET';
    this.#response = response;
    this.#body = body;
  }

  /** The client's address, as the socket has it; one of IPv4 as such, also where the system writes it as IPv6. */
  get address(): string {
    const { remoteAddress = '' } = this.#message.socket;
    return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
  }

  get headers(): Headers {
    this.#headers ??= new ListedHeaders(this.#message.rawHeaders);
    return this.#headers;
  }

  /** Aborted when the client is gone before its answer is complete. */
  get signal(): AbortSignal {
    if (this.#gone !== undefined) return this.#gone.signal;
    const gone = new AbortController();
    this.#gone = gone;
    const end = this.#response ?? this.#message.socket;
    const leave = () => {
      if (this.#response?.writableFinished !== true) gone.abort(new Error('the client is gone'));
    };
    if (end.closed || end.destroyed) leave();
    else end.once('close', leave);
    return gone.signal;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#whole !== undefined) return this.#whole.body;
    if (this.#body?.exists !== true) return null;
    this.#stream ??= this.#body.isUsed ? emptyStream() : this.#body.stream();
    return this.#stream;
  }

  get bodyUsed(): boolean {
    if (this.#whole !== undefined) return this.#whole.bodyUsed;
    return this.#body?.isUsed === true && (this.#stream === undefined || this.#stream.locked);
  }

  /** A stream of our own is sent in one direction, which the constructor of a request wants to be told. */
  get duplex(): 'half' {
    return 'half';
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#whole !== undefined || this.#stream !== undefined)
      return new Uint8Array(await this.#asked().arrayBuffer());
    if (this.#body?.exists !== true) return new Uint8Array(0);
    return this.#body.read();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    return decoder.decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  blob(): Promise<Blob> {
    return this.#asked().blob();
  }

  formData(): Promise<FormData> {
    return this.#asked().formData();
  }

  clone(): Request {
    return this.#asked().clone();
  }

  /** Returns a whole request in its place. */
  #asked(): Request {
    if (this.#whole !== undefined) return this.#whole;
    const { url, method, headers, signal, body } = this;
    this.#whole = new NativeRequest(url, { method, headers, signal, body, duplex: 'half' });
    return this.#whole;
  }

  /** Returns a member of a whole request, for those that say how a browser would send it. */
  static memberOf(request: LightRequest, name: keyof Request): unknown {
    return request.#asked()[name];
  }

  /** Returns this request as what the app takes. */
  asRequest(): Request {
    return this as unknown as Request; // `as`: it has all members of one, those below among them
  }
}

/** Returns the address that a request came from; undefined for one that no listener has made. */
export function addressOf(request: Request): string | undefined {
  return (request as unknown) instanceof LightRequest ? (request as unknown as LightRequest).address : undefined; // `as`: see asRequest
}

const emptyStream = (): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });

// What a request of the platform has and this class does not. A getter of its prototype takes none but its own kind.
for (const name of Object.getOwnPropertyNames(NativeRequest.prototype)) {
  if (name in LightRequest.prototype || name === 'url' || name === 'method') continue;
  Object.defineProperty(LightRequest.prototype, name, {
    configurable: true,
    get(this: LightRequest) {
      return LightRequest.memberOf(this, name as keyof Request); // `as`: a name of its prototype
    },
  });
}
// So that it is an instance of Request without being built as one.
Object.setPrototypeOf(LightRequest.prototype, NativeRequest.prototype);
