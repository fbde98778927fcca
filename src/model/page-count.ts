import { z } from 'zod';
import { PAGE_MAX_COUNT } from './limits';

/** How many rows a page has at most, as a query says it. */
export const PageCount = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1).max(PAGE_MAX_COUNT));
