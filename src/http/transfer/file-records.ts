import { RegistryError } from '../../model/errors';
import { EXPORT_VERSION, ExportEnd, ExportHeader, RecordLine } from '../../model/export-line';
import { isRecord, parseJson } from '../../model/json';
import { IMPORT_LINE_MAX_BYTES, IMPORT_STAGE_MAX_BYTES, IMPORT_STAGE_MAX_COUNT } from '../../model/limits';
import type { NumberedRecord } from '../../model/transfer';
import { parsed } from '../request/field-errors';
import type { FileLine } from './file-lines';

const COUNT_OF = { service: 'services', override: 'overrides', instance: 'instances', entry: 'entries' } as const;

/**
 * Yields the records of a file in pieces, each small enough for one call. It completes only if the file has its end line
 * and all records counted there: a caller that has received all pieces knows that nothing is missing.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with the number of the invalid line.
 */
export async function* fileRecords(lines: AsyncIterable<FileLine>): AsyncGenerator<NumberedRecord[]> {
  const counts = { services: 0, overrides: 0, instances: 0, entries: 0 };
  let next: 'header' | 'records' | 'nothing' = 'header';
  let piece: NumberedRecord[] = [];
  let bytes = 0;
  let last = 0;
  for await (const line of lines) {
    const value = jsonOf(line);
    last = line.number;
    if (line.bytes > IMPORT_LINE_MAX_BYTES && !(isRecord(value) && value.kind === 'entry')) throw tooLong(last);
    if (next === 'nothing') throw wrong(last, 'it follows the line of kind "end", which must be the last');
    if (next === 'header') {
      assertHeader(last, value);
      next = 'records';
    } else if (isRecord(value) && value.kind === 'end') {
      assertCounts(last, value, counts);
      next = 'nothing';
    } else {
      const record = inLine(last, () => parsed(RecordLine, value, 'body'));
      counts[COUNT_OF[record.kind]] += 1;
      piece.push({ ...record, line: last });
      bytes += line.bytes;
      if (piece.length >= IMPORT_STAGE_MAX_COUNT || bytes >= IMPORT_STAGE_MAX_BYTES) {
        yield piece;
        piece = [];
        bytes = 0;
      }
    }
  }
  if (next === 'header')
    throw new RegistryError('INVALID_REQUEST', 'the file is empty; it must start with a header line');
  if (next === 'records') {
    throw wrong(last, 'the file ends here, without a line of kind "end": it is truncated, so export it again');
  }
  yield piece;
}

function jsonOf({ number, text }: FileLine): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof RegistryError) throw wrong(number, cause.message, cause);
    const place = cause instanceof Error ? `: ${cause.message}` : '';
    throw wrong(number, `it is not JSON${place}`, cause);
  }
}

function assertHeader(number: number, value: unknown): void {
  // A newer version may differ in everything but this.
  if (isRecord(value) && value.kind === 'rollcall-export' && typeof value.version === 'number') {
    if (value.version > EXPORT_VERSION) {
      throw wrong(
        number,
        `the file has format version ${value.version}, but this registry supports only up to ${EXPORT_VERSION}; import it with a newer Rollcall`,
      );
    }
  }
  inLine(number, () => parsed(ExportHeader, value, 'body'));
}

function assertCounts(number: number, value: unknown, found: Record<string, number>): void {
  const end = inLine(number, () => parsed(ExportEnd, value, 'body'));
  for (const [name, count] of Object.entries(end)) {
    if (name === 'kind' || count === found[name]) continue;
    throw wrong(number, `it counts ${count} ${name}, but the file has ${found[name]}: lines are missing or were added`);
  }
}

/** Runs a check of a line, and adds the line number to its errors. */
function inLine<T>(number: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const { errors = [] } = error.details;
    const details = errors.map(({ path, message }) => ({
      path: `line ${number}${path === '' ? '' : `: ${path}`}`,
      message,
    }));
    throw new RegistryError(
      error.code,
      `line ${number}: ${error.message.replace(/^in the body: /, '')}`,
      { errors: details },
      { cause: error },
    );
  }
}

function tooLong(number: number): RegistryError {
  const message = `line ${number} has more than ${IMPORT_LINE_MAX_BYTES} bytes, the limit of a line in an import other than that of an entry`;
  return new RegistryError('PAYLOAD_TOO_LARGE', message);
}

function wrong(number: number, problem: string, cause?: unknown): RegistryError {
  const errors = [{ path: `line ${number}`, message: problem }];
  return new RegistryError('INVALID_REQUEST', `line ${number}: ${problem}`, { errors }, { cause });
}
