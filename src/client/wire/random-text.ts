import type { Time } from './time';

/** Enough letters to tell one process, and one of its runs, from another. No secret. */
export function randomText(time: Time): string {
  const part = () => time.random().toString(36).slice(2, 10);
  return `${part()}${part()}`.padEnd(8, '0');
}
