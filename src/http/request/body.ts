import { RegistryError } from '../../model/errors';
import { parseJson } from '../../model/json';

/** Strict: invalid UTF-8 is an error, not a replacement character. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

const tooLarge = (maxBytes: number, advice: string): RegistryError =>
  new RegistryError('PAYLOAD_TOO_LARGE', `the body has more than ${maxBytes} bytes, the limit of this call; ${advice}`);

/** Converts an error of reading a body: the client disconnected before its end, which is not a fault of the registry. */
export function rejectBrokenOff(cause: unknown): never {
  throw new RegistryError('INVALID_REQUEST', 'the body ended early; send it again', {}, { cause });
}

function assertPlain(headers: Headers): void {
  const encoding = headers.get('content-encoding');
  if (encoding === null || encoding.toLowerCase() === 'identity') return;
  throw new RegistryError(
    'UNSUPPORTED_MEDIA_TYPE',
    'the body must not be compressed; send it without Content-Encoding',
  );
}

/** Reads all bytes of a body; throws as soon as they exceed the limit, whatever `Content-Length` says. */
async function readBytes(request: Request, maxBytes: number, advice: string): Promise<Uint8Array> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > maxBytes) throw tooLarge(maxBytes, advice);
  if (announced !== null && Number(announced) <= maxBytes) {
    // HTTP guarantees a declared length, and a single read is many times cheaper than a stream of chunks.
    const bytes = new Uint8Array(await request.arrayBuffer().catch(rejectBrokenOff));
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes, advice);
    return bytes;
  }
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(rejectBrokenOff);
    if (done) break;
    length += value.byteLength;
    if (length > maxBytes) {
      // Not awaited: it only matters that no more is buffered.
      reader.cancel().catch(() => undefined);
      throw tooLarge(maxBytes, advice);
    }
    chunks.push(value);
  }
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/**
 * Reads the body of a request as bytes; none if there is no body.
 *
 * @param advice Ends the message for a body that is too large.
 * @throws {RegistryError} `UNSUPPORTED_MEDIA_TYPE` if it is compressed, `PAYLOAD_TOO_LARGE`, or `INVALID_REQUEST` if it
 * ended early.
 */
export function readBodyBytes(request: Request, maxBytes: number, advice = 'send less at a time'): Promise<Uint8Array> {
  assertPlain(request.headers);
  return readBytes(request, maxBytes, advice);
}

/**
 * Reads the body of a request as text; empty if there is none.
 *
 * @throws {RegistryError} `UNSUPPORTED_MEDIA_TYPE` if it is compressed, `PAYLOAD_TOO_LARGE`, or `INVALID_REQUEST` if it
 * is not UTF-8 or ended early.
 */
export async function readBodyText(request: Request, maxBytes: number): Promise<string> {
  const bytes = await readBodyBytes(request, maxBytes);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RegistryError('INVALID_REQUEST', 'the body is not UTF-8; encode it as UTF-8', {}, { cause });
  }
}

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Reports whether the body of a request is a form, by its type. */
export function isForm(headers: Headers): boolean {
  const type = headers.get('content-type');
  return type !== null && FORM_TYPE.test(type);
}

/** Media types of a body: JSON, and the type of a merge patch (RFC 7396) for PATCH. */
const JSON_TYPES = /^application\/(?:merge-patch\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

function assertJson(headers: Headers): void {
  const type = headers.get('content-type');
  if (type === null || !JSON_TYPES.test(type)) {
    const got = type === null ? 'it has none' : `it has "${type.slice(0, 80)}"`;
    throw new RegistryError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the body must have the Content-Type application/json in UTF-8; ${got}`,
    );
  }
}

/**
 * Reads the body of a request as JSON.
 *
 * @throws {RegistryError} `UNSUPPORTED_MEDIA_TYPE`, and the errors of {@link readUntypedJsonBody}.
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  assertJson(request.headers);
  return readUntypedJsonBody(request, maxBytes);
}

/**
 * Reads the body of a request as JSON, regardless of its Content-Type: for dialects whose clients don't send one.
 *
 * @throws {RegistryError} `PAYLOAD_TOO_LARGE`, or `INVALID_REQUEST` with the position of a syntax error.
 */
export async function readUntypedJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const text = await readBodyText(request, maxBytes);
  if (text === '') throw new RegistryError('INVALID_REQUEST', 'the body is empty; send a JSON object');
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    // The parser's message has a position, or the text around it.
    const place = cause instanceof SyntaxError ? `: ${cause.message}` : '';
    throw new RegistryError('INVALID_REQUEST', `the body is not JSON${place}`, {}, { cause });
  }
}
