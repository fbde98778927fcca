import { RegistryError } from '../../model/errors';
import { parseJson } from '../../model/json';
import { BODY_MAX_BYTES } from '../../model/limits';

/** Strict: bytes that are no UTF-8 are an error, not a replacement character. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

const tooLarge = (maxBytes: number): RegistryError =>
  new RegistryError('PAYLOAD_TOO_LARGE', `the body has more than ${maxBytes} bytes, the most that this call takes`);

/** For what fails while a body is read: its sender left before its end, which is no fault of ours. */
export function rejectBrokenOff(cause: unknown): never {
  throw new RegistryError('INVALID_REQUEST', 'the body broke off before its end; send it again', {}, { cause });
}

function assertPlain(headers: Headers): void {
  const encoding = headers.get('content-encoding');
  if (encoding === null || encoding.toLowerCase() === 'identity') return;
  throw new RegistryError(
    'UNSUPPORTED_MEDIA_TYPE',
    'the body must not be compressed; send it without Content-Encoding',
  );
}

/** All bytes of a body, or a refusal as soon as they are too many, whatever the length that was announced. */
async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > maxBytes) throw tooLarge(maxBytes);
  if (announced !== null && Number(announced) <= maxBytes) {
    // HTTP makes an announced length true, and one read is many times cheaper than a stream and its reader's chunks.
    const bytes = new Uint8Array(await request.arrayBuffer().catch(rejectBrokenOff));
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
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
      // Not awaited: what matters is that no more of it is kept.
      reader.cancel().catch(() => undefined);
      throw tooLarge(maxBytes);
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
 * Reads the body of a request as text; empty where there is none.
 *
 * @throws {RegistryError} `UNSUPPORTED_MEDIA_TYPE` for one that is compressed, `PAYLOAD_TOO_LARGE`, or `INVALID_REQUEST`
 * for what is not UTF-8 or broke off.
 */
export async function readBodyText(request: Request, maxBytes: number): Promise<string> {
  assertPlain(request.headers);
  const bytes = await readBytes(request, maxBytes);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RegistryError('INVALID_REQUEST', 'the body is not UTF-8', {}, { cause });
  }
}

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/**
 * Reads the body of a request as the text of a form, still encoded; empty where it is none.
 *
 * @throws {RegistryError} What {@link readBodyText} throws.
 */
export async function readForm(request: Request): Promise<string> {
  const type = request.headers.get('content-type');
  return type !== null && FORM_TYPE.test(type) ? readBodyText(request, BODY_MAX_BYTES) : '';
}

/** Media types of a body: JSON, and for PATCH the name that RFC 7396 gives to a merge patch. */
const JSON_TYPES = /^application\/(?:merge-patch\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

function assertJson(headers: Headers): void {
  const type = headers.get('content-type');
  if (type === null || !JSON_TYPES.test(type)) {
    const got = type === null ? 'there is none' : `this one is "${type.slice(0, 80)}"`;
    throw new RegistryError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the body must have the Content-Type application/json in UTF-8; ${got}`,
    );
  }
}

/**
 * Reads the body of a request as JSON.
 *
 * @throws {RegistryError} `UNSUPPORTED_MEDIA_TYPE`, and what {@link readUntypedJsonBody} throws.
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  assertJson(request.headers);
  return readUntypedJsonBody(request, maxBytes);
}

/**
 * Reads the body of a request as JSON, whatever its headers say that it is: for dialects whose clients say nothing.
 *
 * @throws {RegistryError} `PAYLOAD_TOO_LARGE`, or `INVALID_REQUEST` with the place where the text stops being JSON.
 */
export async function readUntypedJsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const text = await readBodyText(request, maxBytes);
  if (text === '') throw new RegistryError('INVALID_REQUEST', 'the body is empty; send a JSON object');
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    // The parser tells where: a position, or the text around it.
    const place = cause instanceof SyntaxError ? `: ${cause.message}` : '';
    throw new RegistryError('INVALID_REQUEST', `the body is not JSON${place}`, {}, { cause });
  }
}
