import { RegistryError } from '../../model/errors';
import { IMPORT_DISCARD_MAX_MS, IMPORT_LINE_MAX_BYTES, IMPORT_MAX_MS, IMPORT_PIECE_MAX_MS } from '../../model/limits';
import { withDeadline } from '../pipeline/pipeline';
import { rejectBrokenOff } from '../request/body';

/** A line of a file, without its end. */
export interface FileLine {
  /** From 1. */
  number: number;
  text: string;
  /** Length in UTF-8. */
  bytes: number;
}

/** Strict: bytes that are no UTF-8 are an error. A mark at the very front, as some editors put it, is left out. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

const NEWLINE = 0x0a;

/**
 * Lines of a body as they come, never more than one and a piece of the body held. Empty ones are left out, and counted.
 *
 * @throws {RegistryError} `PAYLOAD_TOO_LARGE` for a line that is too long, `INVALID_REQUEST` for what is not UTF-8, each
 *   with the number of the line, or where it broke off; `DEADLINE_EXCEEDED` where nothing comes for too long, or it takes too long altogether.
 */
export async function* fileLines(body: ReadableStream<Uint8Array> | null, now: () => number): AsyncGenerator<FileLine> {
  if (body === null) return;
  const endsAt = now() + IMPORT_MAX_MS;
  const reader = body.getReader();
  let number = 0;
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  const lineOf = (bytes: Uint8Array): FileLine => ({ number, text: decoded(bytes, number), bytes: bytes.byteLength });
  try {
    for (;;) {
      const { done, value } = await withDeadline(reader.read().catch(rejectBrokenOff), IMPORT_PIECE_MAX_MS, tooSlow);
      if (now() > endsAt) throw tooSlow(IMPORT_MAX_MS);
      if (done) break;
      let start = 0;
      for (;;) {
        const end = value.indexOf(NEWLINE, start);
        const length = (end < 0 ? value.byteLength : end) - start;
        if (begunBytes + length > IMPORT_LINE_MAX_BYTES) throw tooLong(number + 1);
        const piece = value.subarray(start, start + length);
        if (end < 0) {
          begun.push(piece);
          begunBytes += length;
          break;
        }
        number += 1;
        const bytes = begunBytes === 0 ? piece : joined([...begun, piece], begunBytes + length);
        if (bytes.byteLength > 0) yield lineOf(bytes);
        begun = [];
        begunBytes = 0;
        start = end + 1;
      }
    }
    number += 1;
    if (begunBytes > 0) yield lineOf(joined(begun, begunBytes));
  } finally {
    await discardRest(reader, now);
  }
}

/**
 * Takes in what still comes of a file that is refused, and keeps nothing of it. A client that is sending hears the reason
 * only then: workerd ends a connection 64 KiB or a second after an answer to a request that was not read to its end.
 * Source: `canceledUploadGraceBytes` in KJ's `kj/compat/http.h`.
 */
async function discardRest(reader: ReadableStreamDefaultReader<Uint8Array>, now: () => number): Promise<void> {
  const endsAt = now() + IMPORT_DISCARD_MAX_MS;
  try {
    for (let left = IMPORT_DISCARD_MAX_MS; left > 0; left = endsAt - now()) {
      const { done } = await withDeadline(reader.read(), left, tooSlow);
      if (done) return;
    }
  } catch {
    // Whoever sends it has left, or is too slow to be waited for.
  }
  // Not awaited: what matters is that no more of it comes.
  reader.cancel().catch(() => undefined);
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}

function decoded(bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes).trim();
  } catch (cause) {
    throw new RegistryError('INVALID_REQUEST', `line ${number} is not UTF-8`, {}, { cause });
  }
}

function tooLong(number: number): RegistryError {
  const message = `line ${number} has more than ${IMPORT_LINE_MAX_BYTES} bytes, the most that a line of an import may have`;
  return new RegistryError('PAYLOAD_TOO_LARGE', message);
}

function tooSlow(maxMs: number): RegistryError {
  return new RegistryError(
    'DEADLINE_EXCEEDED',
    `the file did not come within ${maxMs / 1_000} s; nothing was changed: send it again`,
  );
}
