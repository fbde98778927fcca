import { RegistryError } from '../../model/errors';
import { parseJson } from '../../model/json';
import { readBodyText } from './body-text';

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
