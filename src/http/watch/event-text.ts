import type { ServerFrame } from '../../model/frames';

/** A frame about a watch: over an event stream, an event. */
export type WatchFrame = Extract<ServerFrame, { watch: string }>;

/**
 * A frame as an event: its type, the frame itself as data, and its cursor as id where it counts. A browser resumes from
 * the last id it saw, so a part that is not the last has none.
 *
 * @param text The frame as it came: JSON, and so a single line.
 */
export function eventText(frame: WatchFrame, text: string): string {
  const counts = 'cursor' in frame && (!('last' in frame) || frame.last !== false);
  return `event: ${frame.type}\n${counts ? `id: ${frame.cursor}\n` : ''}data: ${text}\n\n`;
}

/** Tells the browser how long to wait before it comes back, in milliseconds. */
export function retryText(delayMs: number): string {
  return `retry: ${delayMs}\n\n`;
}

/** A comment: it keeps proxies from closing a quiet stream, and finds out whether the reader is still there. */
export const KEEPALIVE_TEXT = ':\n\n';
