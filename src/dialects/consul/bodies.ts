import { readBodyBytes, readBodyText } from '../../http/request/body';
import { hasCode, type RegistryError } from '../../model/errors';

/** Returns the refusal of a body by its length and the most that it may have. */
type TooLarge = (bytes: number, most: number) => RegistryError;

/**
 * Reads the bytes of a body.
 *
 * @throws {RegistryError} With Consul's text if there are too many; the length is at least that of the body as far as it was read.
 */
export function bytesWithin(request: Request, most: number, tooLarge: TooLarge): Promise<Uint8Array> {
  return within(request, most, tooLarge, readBodyBytes);
}

/** Reads the text of a body, as {@link bytesWithin} reads its bytes. */
export function textWithin(request: Request, most: number, tooLarge: TooLarge): Promise<string> {
  return within(request, most, tooLarge, readBodyText);
}

async function within<T>(
  request: Request,
  most: number,
  tooLarge: TooLarge,
  read: (request: Request, most: number) => Promise<T>,
): Promise<T> {
  try {
    return await read(request, most);
  } catch (error) {
    if (!hasCode(error, 'PAYLOAD_TOO_LARGE')) throw error;
    throw tooLarge(Number(request.headers.get('content-length') ?? most + 1), most);
  }
}
