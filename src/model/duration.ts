import { z } from 'zod';

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `500ms`, `30s`, `5m`, `1h`, `7d`, or of a bare number of seconds as HTTP counts; undefined if unreadable. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1));
}

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
