import type { Precondition } from '../../model/batch';
import { quote } from '../../model/errors';
import { invalid } from './field-errors';

/**
 * One entity tag: a cursor in quotes. The mark of a weak tag is taken and means nothing: a proxy that compresses an
 * answer weakens its tag on the way, while a cursor names a position of the registry and not the bytes of an answer.
 */
const ENTITY_TAG = /^(?:W\/)?"([\x21\x23-\x7e]+)"$/;

function cursorIn(header: string, value: string): string {
  const cursor = ENTITY_TAG.exec(value.trim())?.[1];
  if (cursor !== undefined) return cursor;
  throw invalid('headers', [
    {
      path: header,
      message: `must be one entity tag, a cursor in double quotes as an ETag gave it, got ${quote(value)}`,
    },
  ]);
}

/** The cursor that a read is conditional on: `If-None-Match: "<cursor>"`. */
export function readCondition(headers: Headers): string | undefined {
  const value = headers.get('if-none-match');
  return value === null ? undefined : cursorIn('If-None-Match', value);
}

/**
 * What a change is conditional on.
 *
 * `If-Match: "<cursor>"`: the record is unchanged since that cursor. `If-Match: *`: there is such a record.
 * `If-None-Match: *`: there is none. Anything else is refused: a condition that can't be checked must not pass.
 */
export function readPrecondition(headers: Headers): Precondition {
  const match = headers.get('if-match');
  const noneMatch = headers.get('if-none-match');
  if (match === null && noneMatch === null) return {};
  if (noneMatch !== null && noneMatch.trim() !== '*') {
    throw invalid('headers', [{ path: 'If-None-Match', message: `of a change must be *, got ${quote(noneMatch)}` }]);
  }
  if (match === null) return { absent: true };
  if (noneMatch !== null) {
    throw invalid('headers', [{ path: 'If-None-Match', message: 'contradicts If-Match; send one of them' }]);
  }
  return match.trim() === '*' ? { absent: false } : { cursor: cursorIn('If-Match', match) };
}
