import { z } from 'zod';
import { parseDuration } from './parse-duration';

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
