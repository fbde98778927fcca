import { z } from 'zod';
import type { Precondition } from '../../model/batch';
import { quote } from '../../model/errors';
import { READ_WAIT_DEFAULT_MS, WAIT_MAX_MS } from '../../model/limits';
import { SubscriberId } from '../../model/subscriber';
import { invalid, parsed } from './field-errors';

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

/** One `wait` among the preferences, in any case and with spaces where RFC 7240 takes them; its value is in seconds. */
const WAIT = /(?:^|,)\s*wait\s*(?:=\s*"?(\d{1,9})"?\s*)?(?=$|[,;])/i;

/**
 * How long a client would like a read to wait for a change: `Prefer: wait=30`, in milliseconds; undefined where it
 * says nothing of it. A preference may be met in part, so one that is too long counts as the longest that is possible,
 * and the answer says what was applied. Source: RFC 7240, section 4.3.
 */
export function preferredWaitMs(headers: Headers): number | undefined {
  const match = WAIT.exec(headers.get('prefer') ?? '');
  if (match === null) return undefined;
  return match[1] === undefined ? READ_WAIT_DEFAULT_MS : Math.min(Number(match[1]) * 1_000, WAIT_MAX_MS);
}

/** Header in which a subscriber names itself, and is told the name that it was given. */
export const SUBSCRIBER_HEADER = 'Rollcall-Subscriber';

const NameHeader = z.object({ [SUBSCRIBER_HEADER]: SubscriberId });

/**
 * The name that a subscriber gives itself in a header; undefined where it gives none.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function subscriberName(headers: Headers): string | undefined {
  const name = headers.get(SUBSCRIBER_HEADER);
  if (name === null) return undefined;
  return parsed(NameHeader, { [SUBSCRIBER_HEADER]: name }, 'headers')[SUBSCRIBER_HEADER];
}
