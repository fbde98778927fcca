import { ListedHeaders, listHeaders } from './listed-headers';

const NativeResponse = globalThis.Response;

/** Any body that a `Response` is made of. */
type BodyInit = ConstructorParameters<typeof Response>[0];

/** Statuses whose answers have no body. Source: Fetch Standard, section 2.2.3. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/** A body that is kept as it was given. */
type PlainBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;

/** What an answer consists of, for the one who writes it. */
export interface AnswerParts {
  status: number;
  /** Names in lower case and values in turn. */
  headers: readonly string[];
  body: PlainBody;
  /** Type of a text that has none among its headers. */
  defaultType: string | undefined;
}

/**
 * A `Response` that keeps its body and headers as they were given. One of the platform turns a text into a stream of
 * bytes, which the listener would have to turn back; and copies headers, which the listener copies anyway.
 *
 * The headers that it is made from must not be changed before the answer has left: they are copied once somebody asks
 * for the answer's own.
 */
export class LightResponse {
  readonly status: number;
  readonly statusText: string;
  readonly #body: PlainBody;
  readonly #given: Headers;
  #own: ListedHeaders | undefined;
  #whole: Response | undefined;

  constructor(body?: BodyInit, init: ResponseInit = {}) {
    const { status = 200, statusText = '', headers } = init;
    this.status = status;
    this.statusText = statusText;
    const isPlain =
      body === undefined ||
      body === null ||
      typeof body === 'string' ||
      body instanceof ReadableStream ||
      (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer);
    // Anything out of the ordinary is left to the platform, the errors for what makes no sense among it.
    if (!isPlain || status < 200 || status > 599 || (BODILESS.has(status) && body !== undefined && body !== null)) {
      const whole = new NativeResponse(body, init);
      this.#whole = whole;
      this.#body = whole.body;
      this.#given = whole.headers;
      return;
    }
    this.#body = (body as PlainBody | undefined) ?? null; // `as`: checked just now
    this.#given = headers instanceof Headers || headers instanceof ListedHeaders ? headers : new Headers(headers);
  }

  /** Returns what an answer consists of; undefined for one that the platform made. */
  static partsOf(response: Response): AnswerParts | undefined {
    if (!(#body in response)) return undefined;
    const light = response as unknown as LightResponse; // `as`: only this class has that field
    const { status } = light;
    if (light.#whole !== undefined) {
      return { status, headers: [...light.#whole.headers].flat(), body: light.#whole.body, defaultType: undefined };
    }
    return {
      status,
      headers: listHeaders(light.#own ?? light.#given),
      body: light.#body,
      defaultType: light.#defaultType,
    };
  }

  /** So that an answer which the platform made is a `Response`, too. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof NativeResponse;
  }

  get headers(): Headers {
    if (this.#whole !== undefined) return this.#whole.headers;
    if (this.#own !== undefined) return this.#own;
    const type = this.#defaultType;
    const own = new ListedHeaders([...listHeaders(this.#given)]);
    if (type !== undefined) own.set('Content-Type', type);
    this.#own = own;
    return own;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#asked().body;
  }

  get bodyUsed(): boolean {
    return this.#whole?.bodyUsed ?? false;
  }

  get redirected(): boolean {
    return false;
  }

  get type(): 'default' {
    return 'default';
  }

  get url(): string {
    return '';
  }

  text(): Promise<string> {
    return this.#asked().text();
  }

  json(): Promise<unknown> {
    return this.#asked().json();
  }

  bytes(): Promise<Uint8Array> {
    return this.#asked().bytes();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#asked().arrayBuffer();
  }

  blob(): Promise<Blob> {
    return this.#asked().blob();
  }

  formData(): Promise<FormData> {
    return this.#asked().formData();
  }

  clone(): Response {
    return this.#asked().clone();
  }

  get #defaultType(): string | undefined {
    return typeof this.#body === 'string' && this.#own === undefined && !this.#given.has('content-type')
      ? 'text/plain;charset=UTF-8'
      : undefined;
  }

  /** Returns a response of the platform in its place. */
  #asked(): Response {
    const { status, statusText, headers } = this;
    this.#whole ??= new NativeResponse(this.#body, { status, statusText, headers: [...headers] });
    return this.#whole;
  }
}

// So that it is an instance of Response without being built as one, and has its static methods.
Object.setPrototypeOf(LightResponse.prototype, NativeResponse.prototype);
Object.setPrototypeOf(LightResponse, NativeResponse);

/** Has `new Response` make light ones, in the whole process. */
export function useLightResponses(): void {
  globalThis.Response = LightResponse as unknown as typeof Response; // `as`: it has all members of one
}
