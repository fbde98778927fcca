import * as z from 'zod';
import { parseDuration } from './duration';
import { CURSOR_MAX_CHARACTERS, LIST_TEXT_MAX_BYTES, PAGE_MAX_COUNT } from './limits';

/**
 * A cursor, as far as those who only carry it know: text that begins with `c`. One that fits and names no position is
 * for the registry to judge, which answers a watch with a reset.
 */
export const CursorText = z
  .string()
  .max(CURSOR_MAX_CHARACTERS, `must have at most ${CURSOR_MAX_CHARACTERS} characters`)
  .regex(/^c[\w.-]+$/, 'must be a cursor as an answer or an event gave it')
  .meta({ description: 'A position that an answer or an event gave' });

/**
 * A moment of a namespace's past: a cursor that an answer or an event gave, or a time. A cursor begins with `c`, and no
 * time does.
 */
export const PointInTime = z
  .union([CursorText, z.iso.datetime({ offset: true })], {
    error: 'must be a cursor as an answer gave it, or a time such as 2027-01-31T12:00:00Z',
  })
  .meta({ description: 'A cursor, or a time such as 2027-01-31T12:00:00Z' });
export type PointInTime = z.output<typeof PointInTime>;

/** How many rows a page has at most, as a query says it. */
export const PageCount = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1).max(PAGE_MAX_COUNT));

/** Describes the `limit` of a list. */
export const PAGE_LIMIT = `At most so many; without it all, up to ${LIST_TEXT_MAX_BYTES / 1_048_576} MiB of text`;

/** Where a page goes on, as a query says it. */
export const PageAfter = z
  .string()
  .optional()
  .meta({ description: 'The `next` of the page before; a list without `next` has ended' });

/** A duration in a query, as milliseconds between two bounds. */
export function duration(leastMs: number, mostMs: number) {
  return z
    .string()
    .transform((text, context) => {
      const milliseconds = parseDuration(text);
      if (milliseconds === undefined) {
        context.addIssue({ code: 'custom', message: 'a duration is a number with a unit, such as 500ms, 30s or 5m' });
        return z.NEVER;
      }
      return milliseconds;
    })
    .pipe(z.number().min(leastMs, `must be at least ${leastMs} ms`).max(mostMs, `must be at most ${mostMs} ms`));
}
