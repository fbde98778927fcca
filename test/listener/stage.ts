import { expect, onTestFinished } from 'vitest';
import type { Seen, StageOptions } from './stage-server';
import { Wire } from './wire';

/** A running listener with the app of `stage-server.ts`. */
export interface RunningStage {
  port: number;
  stop(): Promise<void>;
}

/** Starts a listener. */
export type StartStage = (options: StageOptions) => Promise<RunningStage>;

/** Starts a listener for the running test, and returns its port. */
export async function stageOf(start: StartStage, options: StageOptions = {}): Promise<number> {
  const { port, stop } = await start(options);
  onTestFinished(stop);
  return port;
}

/** Opens a connection for the running test. */
export function wire(port: number, ...pieces: (string | Uint8Array)[]): Wire {
  const made = new Wire(port, { pieces });
  onTestFinished(() => made.leave());
  return made;
}

/** Returns the head of a request. */
export const head = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');

/** Returns the head of a request after which the connection closes. */
export const last = (line: string, ...headers: string[]): string => head(line, 'Connection: close', ...headers);

export const urlOf = (port: number, path: string): string => `http://127.0.0.1:${port}${path}`;

/** Returns the events that a stage has recorded. */
export async function seenAt(port: number): Promise<Seen> {
  const response = await fetch(urlOf(port, '/seen'));
  return (await response.json()) as Seen; // `as`: the shape of the stage's answer there
}

/** Waits until a stage has recorded an event. */
export const seenSoon = (port: number) => expect.poll(() => seenAt(port));
