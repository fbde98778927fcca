import { z } from 'zod';
import { LIST_TEXT_MAX_BYTES, PAGE_MAX_COUNT } from './limits';

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
