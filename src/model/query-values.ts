import * as z from 'zod';
import { parseDuration } from './duration';
import { CURSOR_MAX_CHARACTERS, LIST_TEXT_MAX_BYTES, PAGE_MAX_COUNT } from './limits';

/**
 * A cursor, which is opaque except that it begins with `c`. The namespace itself handles a well-formed cursor without a
 * known position; it answers a watch with a reset.
 */
export const CursorText = z
  .string()
  .max(CURSOR_MAX_CHARACTERS, `must have at most ${CURSOR_MAX_CHARACTERS} characters`)
  .regex(/^c[\w.-]+$/, 'must be a cursor from a response or an event')
  .meta({ description: 'A cursor from a response or an event' });

/** A revision as a point in time: `r` and its decimal number, of which 16 digits hold all that a namespace reaches. */
const RevisionText = z.string().regex(/^r(?:0|[1-9]\d{0,15})$/, 'must be r and a revision, such as r42');

/**
 * A point in a namespace's history: a cursor from a response or an event, a time, or a revision. A cursor begins with `c`, a
 * revision with `r`, and a time with neither.
 */
export const PointInTime = z
  .union([CursorText, RevisionText, z.iso.datetime({ offset: true })], {
    error: 'must be a cursor from a response, a time such as 2027-01-31T12:00:00Z, or a revision such as r42',
  })
  .meta({ description: 'A cursor, a time such as 2027-01-31T12:00:00Z, or a revision such as r42' });
export type PointInTime = z.output<typeof PointInTime>;

/** Maximum number of rows of a page, as a query parameter. */
export const PageCount = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1).max(PAGE_MAX_COUNT));

/** Description of the `limit` of a list. */
export const PAGE_LIMIT = `Maximum number of rows; by default all, up to ${LIST_TEXT_MAX_BYTES / 1_048_576} MiB of text`;

/** Position at which a page continues, as a query parameter. */
export const PageAfter = z
  .string()
  .optional()
  .meta({ description: 'The `next` of the previous page; the last page has none' });

/** A flag: true if it is present, unless its value is `false`. */
export const FlagParameter = z
  .enum(['', 'true', 'false'])
  .optional()
  .transform((text) => text === '' || text === 'true');

/** Returns a schema for a duration in a query, as milliseconds between two bounds. */
export function duration(leastMs: number, mostMs: number) {
  return z
    .string()
    .transform((text, context) => {
      const milliseconds = parseDuration(text);
      if (milliseconds === undefined) {
        context.addIssue({ code: 'custom', message: 'must be a number with a unit, such as 500ms, 30s or 5m' });
        return z.NEVER;
      }
      return milliseconds;
    })
    .pipe(z.number().min(leastMs, `must be at least ${leastMs} ms`).max(mostMs, `must be at most ${mostMs} ms`));
}
