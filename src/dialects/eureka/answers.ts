import type { Format } from '../../codecs/eureka/document';
import { COMMON_HEADERS } from '../../http/response/answers';

const TYPES = { json: 'application/json', xml: 'application/xml' } as const satisfies Record<Format, string>;

/** Shorter responses are not compressed, because the saving would not be worth the time. */
const GZIP_MIN_CHARACTERS = 1_024;

/** Returns JSON if `Accept` contains `json` anywhere, and otherwise XML, as Eureka does; some clients send no header. */
export function formatFor({ headers }: Request): Format {
  return headers.get('accept')?.toLowerCase().includes('json') ? 'json' : 'xml';
}

/** Reports whether a client accepts compressed responses. */
export function takesGzip({ headers }: Request): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/i.test(headers.get('accept-encoding') ?? '');
}

/** Compresses bytes, so that the result can be cached, which the platform's own compression does not allow. */
export async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  const compressed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

/** Returns a response with a document, compressed if its reader accepts that. */
export async function documentAnswer(request: Request, format: Format, text: string): Promise<Response> {
  if (text.length < GZIP_MIN_CHARACTERS || !takesGzip(request)) return bodyAnswer(format, text, false);
  return bodyAnswer(format, await gzipped(new TextEncoder().encode(text)), true);
}

/** Returns a response with an encoded document. @param isGzip Whether the body is compressed. */
export function bodyAnswer(format: Format, body: string | Uint8Array | ReadableStream, isGzip: boolean): Response {
  const headers = {
    ...COMMON_HEADERS,
    'Content-Type': TYPES[format],
    Vary: 'Accept, Accept-Encoding',
    ...(isGzip ? { 'Content-Encoding': 'gzip' } : {}),
  };
  // Without `manual`, the platform would compress the bytes again.
  return new Response(body, { headers, ...(isGzip ? { encodeBody: 'manual' } : {}) });
}

/** Returns a response without a body, because clients read any body as an instance. */
export function emptyAnswer(status: 200 | 204 | 404): Response {
  return new Response(null, { status, headers: COMMON_HEADERS });
}
