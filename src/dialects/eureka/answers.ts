import type { Format } from '../../codecs/eureka/document';
import { COMMON_HEADERS } from '../../http/response/answers';

const TYPES = { json: 'application/json', xml: 'application/xml' } as const satisfies Record<Format, string>;

/** Below it, compressing saves nothing worth its time. */
const GZIP_MIN_CHARACTERS = 1_024;

/** JSON where the header says so anywhere, XML otherwise: Eureka's own rule, and some clients send nothing. */
export function formatFor({ headers }: Request): Format {
  return headers.get('accept')?.toLowerCase().includes('json') ? 'json' : 'xml';
}

/** Whether a client takes compressed answers. */
export function takesGzip({ headers }: Request): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/i.test(headers.get('accept-encoding') ?? '');
}

/** Compresses bytes. The compression of the platform's own cannot be kept for the next reader. */
export async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  const compressed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

/** A document, compressed where its reader asked for it. */
export async function documentAnswer(request: Request, format: Format, text: string): Promise<Response> {
  if (text.length < GZIP_MIN_CHARACTERS || !takesGzip(request)) return bodyAnswer(format, text, false);
  return bodyAnswer(format, await gzipped(new TextEncoder().encode(text)), true);
}

/** A document that is written already. @param isGzip Whether the body is compressed. */
export function bodyAnswer(format: Format, body: string | Uint8Array | ReadableStream, isGzip: boolean): Response {
  const headers = {
    ...COMMON_HEADERS,
    'Content-Type': TYPES[format],
    Vary: 'Accept, Accept-Encoding',
    ...(isGzip ? { 'Content-Encoding': 'gzip' } : {}),
  };
  // The bytes are compressed already; the platform would do it again.
  return new Response(body, { headers, ...(isGzip ? { encodeBody: 'manual' } : {}) });
}

/** Done, without a body: clients read any body as an instance. */
export function emptyAnswer(status: 200 | 204 | 404): Response {
  return new Response(null, { status, headers: COMMON_HEADERS });
}
