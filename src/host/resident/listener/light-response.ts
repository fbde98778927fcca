import { ListedHeaders, listHeaders } from './listed-headers';

const NativeResponse = globalThis.Response;

/** Any body that the `Response` constructor accepts. */
type BodyInit = ConstructorParameters<typeof Response>[0];

/** Statuses of responses without a body. Source: Fetch Standard, section 2.2.3. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/** A body that is kept without conversion. */
type PlainBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;

/** The parts of a response that the listener writes. */
export interface AnswerParts {
  status: number;
  /** Alternating names, in lower case, and values. */
  headers: readonly string[];
  body: PlainBody;
  /** Content type of a text body whose headers have none. */
  defaultType: string | undefined;
}

/**
 * A `Response` that keeps its body and headers as given. The platform's own turns a text into a stream of bytes, which the
 * listener would have to collect again, and copies the headers, which the listener copies anyway.
 *
 * The given headers must not be changed before the response is written. They are copied when `headers` is first read.
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
    // The platform handles everything unusual, and throws the errors for invalid arguments.
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

  /** Returns the parts of a response; undefined if it is a native one. */
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

  /** Makes `instanceof` true for native responses too. */
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

  /** Returns the native response; builds it on first use. */
  #asked(): Response {
    const { status, statusText, headers } = this;
    this.#whole ??= new NativeResponse(this.#body, { status, statusText, headers: [...headers] });
    return this.#whole;
  }
}

// Makes `instanceof Response` true without running the native constructor, and adds the static methods.
Object.setPrototypeOf(LightResponse.prototype, NativeResponse.prototype);
Object.setPrototypeOf(LightResponse, NativeResponse);

/** Replaces the global `Response` of this process with {@link LightResponse}. */
export function useLightResponses(): void {
  globalThis.Response = LightResponse as unknown as typeof Response; // `as`: it has all members of one
}
