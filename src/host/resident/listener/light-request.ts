import type { IncomingMessage, ServerResponse } from 'node:http';
import { ListedHeaders } from './listed-headers';
import type { RequestBody } from './request-body';

const NativeRequest = globalThis.Request;
const decoder = new TextDecoder();

/**
 * A `Request` that builds its parts on demand. A heartbeat uses only a method, a URL and a few headers, and building a full
 * request takes longer than answering it. Members that are not implemented here come from a full request, built on first use.
 */
export class LightRequest {
  readonly url: string;
  readonly method: string;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse | undefined;
  readonly #body: RequestBody | undefined;
  #headers: ListedHeaders | undefined;
  #disconnect: AbortController | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #whole: Request | undefined;

  /**
   * @param response If it closes before it is complete, the client has disconnected. Undefined for an upgrade.
   * @param body Undefined if the request can't have one.
   */
  constructor(message: IncomingMessage, url: string, response?: ServerResponse, body?: RequestBody) {
    this.#message = message;
    this.url = url;
    this.method = message.method ?? 'GET';
    this.#response = response;
    this.#body = body;
  }

  /** The client's address. An IPv4 address mapped to IPv6 is returned as IPv4. */
  get address(): string {
    const { remoteAddress = '' } = this.#message.socket;
    return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
  }

  get headers(): Headers {
    this.#headers ??= new ListedHeaders(this.#message.rawHeaders);
    return this.#headers;
  }

  /** Aborts if the client disconnects before its response is complete. */
  get signal(): AbortSignal {
    if (this.#disconnect !== undefined) return this.#disconnect.signal;
    const disconnect = new AbortController();
    this.#disconnect = disconnect;
    const end = this.#response ?? this.#message.socket;
    const leave = () => {
      if (this.#response?.writableFinished !== true) disconnect.abort(new Error('the client disconnected'));
    };
    if (end.closed || end.destroyed) leave();
    else end.once('close', leave);
    return disconnect.signal;
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

  /** `new Request` requires it for a stream as body. */
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

  /** Returns the full request; builds it on first use. */
  #asked(): Request {
    if (this.#whole !== undefined) return this.#whole;
    const { url, method, headers, signal, body } = this;
    this.#whole = new NativeRequest(url, { method, headers, signal, body, duplex: 'half' });
    return this.#whole;
  }

  /** Returns a member of the full request. */
  static memberOf(request: LightRequest, name: keyof Request): unknown {
    return request.#asked()[name];
  }

  /** Returns this object typed as `Request`. */
  asRequest(): Request {
    return this as unknown as Request; // `as`: it has all members of one, those below among them
  }
}

/** Returns the client's address; undefined if the request does not come from the listener. */
export function addressOf(request: Request): string | undefined {
  return (request as unknown) instanceof LightRequest ? (request as unknown as LightRequest).address : undefined; // `as`: see asRequest
}

const emptyStream = (): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });

// Delegates all other members to the full request. The prototype's own getters only accept native requests.
for (const name of Object.getOwnPropertyNames(NativeRequest.prototype)) {
  if (name in LightRequest.prototype || name === 'url' || name === 'method') continue;
  Object.defineProperty(LightRequest.prototype, name, {
    configurable: true,
    get(this: LightRequest) {
      return LightRequest.memberOf(this, name as keyof Request); // `as`: a name of its prototype
    },
  });
}
// Makes `instanceof Request` true without running the native constructor.
Object.setPrototypeOf(LightRequest.prototype, NativeRequest.prototype);
