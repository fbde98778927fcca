import { TIMESTAMP_SECONDS_MAX_COUNT } from './limits';

/** Recently formatted seconds, as text up to the milliseconds: most formatted times fall into a few of them. */
const seconds = new Map<number, string>();

/** Formats milliseconds since the epoch as RFC 3339 in UTC. */
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
