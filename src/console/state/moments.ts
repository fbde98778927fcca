import { RollcallError } from '../../client/admin';

/** A range of the history. Each end is a cursor or a time; undefined: no bound. */
export interface Range {
  since?: string | undefined;
  until?: string | undefined;
}

/** Reports whether a point in the history is a cursor, not a time. */
export const isCursor = (point: string): boolean => point.startsWith('c');

const two = (value: number): string => String(value).padStart(2, '0');

/** Formats a time as the value of a field for local date and time. */
export function fieldOf(at: string | number): string {
  const date = new Date(at);
  const ms = date.getMilliseconds();
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day}T${time}${ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`}`;
}

/** Returns the time in a field for local date and time; undefined if it is empty or incomplete. */
export function timeOfField(value: string): string | undefined {
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** Ranges that are offered. */
export const PRESETS = ['hour', 'night', 'day', 'week'] as const;
export type Preset = (typeof PRESETS)[number];

const HOUR_MS = 3_600_000;
const SPANS: Record<Exclude<Preset, 'night'>, number> = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS };

/** Returns a range that is offered. The registry refuses times of the future, so a night that lasts has no end. */
export function rangeOf(preset: Preset, now: number): Range {
  if (preset !== 'night') return { since: new Date(now - SPANS[preset]).toISOString() };
  const start = new Date(now);
  // By the calendar: a night in which the clocks change is not 14 hours long.
  start.setDate(start.getDate() - 1);
  start.setHours(18, 0, 0, 0);
  const end = new Date(now);
  end.setHours(8, 0, 0, 0);
  return { since: start.toISOString(), until: end.getTime() < now ? end.toISOString() : undefined };
}

/** Returns the time to which the history goes back, if that is why the registry refused a point. */
export function reachOf(error: unknown): string | undefined {
  const { code, detail } = RollcallError.from(error, 'read');
  return code === 'COMPACTED' ? /goes back to (\S+Z)$/.exec(detail)?.[1] : undefined;
}
