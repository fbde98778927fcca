/** The last second that was asked for, and its text up to the milliseconds: most times asked for are close together. */
let latestSecond = -1;
let latestText = '';

/** A time for people: milliseconds since the epoch as RFC 3339 in UTC. */
export function timestamp(time: number): string {
  const second = Math.floor(time / 1_000);
  if (second !== latestSecond) {
    latestSecond = second;
    latestText = new Date(second * 1_000).toISOString().slice(0, -4);
  }
  return `${latestText}${String(Math.floor(time) - second * 1_000).padStart(3, '0')}Z`;
}
