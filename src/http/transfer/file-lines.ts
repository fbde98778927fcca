import { RegistryError } from '../../model/errors';
import {
  IMPORT_DISCARD_MAX_MS,
  IMPORT_ENTRY_LINE_MAX_BYTES,
  IMPORT_MAX_MS,
  IMPORT_PIECE_MAX_MS,
} from '../../model/limits';
import { rejectBrokenOff } from '../request/body';
import { withDeadline } from '../request/deadline';

/** A line of a file, without its newline. */
export interface FileLine {
  /** Number of the line, starting at 1. */
  number: number;
  text: string;
  /** Length in UTF-8. */
  bytes: number;
}

/** Strict: invalid UTF-8 is an error. A leading byte order mark, which some editors write, is skipped. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

const NEWLINE = 0x0a;

/**
 * Yields the lines of a body as they arrive, buffering at most one line and one chunk. Empty lines are skipped but counted.
 *
 * @throws {RegistryError} `PAYLOAD_TOO_LARGE` for a line that is too long and `INVALID_REQUEST` for one that is not
 *   UTF-8, each with the line number; `INVALID_REQUEST` if the body ends early; `DEADLINE_EXCEEDED` if nothing arrives for
 *   too long, or if the whole takes too long.
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
        if (begunBytes + length > IMPORT_ENTRY_LINE_MAX_BYTES) throw tooLong(number + 1);
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
 * Reads and discards the rest of a refused file. Otherwise a client that is still sending may never see the error:
 * workerd closes a connection 64 KiB or one second after the response to a request that was not fully read.
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
    // The client has disconnected, or is too slow to wait for.
  }
  // Not awaited: it only matters that no more arrives.
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
    throw new RegistryError('INVALID_REQUEST', `line ${number} is not UTF-8; encode the file as UTF-8`, {}, { cause });
  }
}

function tooLong(number: number): RegistryError {
  const message = `line ${number} has more than ${IMPORT_ENTRY_LINE_MAX_BYTES} bytes, the limit of an entry's line in an import`;
  return new RegistryError('PAYLOAD_TOO_LARGE', message);
}

function tooSlow(maxMs: number): RegistryError {
  return new RegistryError(
    'DEADLINE_EXCEEDED',
    `the file did not arrive within ${maxMs / 1_000} s; nothing was changed: send it again`,
  );
}
