import { TIMESTAMP_SECONDS_MAX_COUNT } from './limits';

/** Seconds asked for lately, as text up to the milliseconds: most times asked for are close to a few moments. */
const seconds = new Map<number, string>();

/** A time for people: milliseconds since the epoch as RFC 3339 in UTC. */
export function timestamp(time: number): string {
  const second = Math.floor(time / 1_000);
  let text = seconds.get(second);
  if (text === undefined) {
    text = new Date(second * 1_000).toISOString().slice(0, -4);
    if (seconds.size >= TIMESTAMP_SECONDS_MAX_COUNT) seconds.clear();
    seconds.set(second, text);
  }
  return `${text}${String(Math.floor(time) - second * 1_000).padStart(3, '0')}Z`;
}
