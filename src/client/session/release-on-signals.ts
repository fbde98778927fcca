import type { DrainOptions, DrainReport } from '../wire/registration';

/** The part of `process` that is used in Node and Bun. */
interface SignalProcess {
  pid: number;
  on(signal: string, act: () => void): unknown;
  off(signal: string, act: () => void): unknown;
  kill(pid: number, signal: string): unknown;
}

/** The part of `Deno` that is used in Deno. */
interface SignalDeno {
  pid: number;
  addSignalListener(signal: string, act: () => void): void;
  removeSignalListener(signal: string, act: () => void): void;
  kill(pid: number, signal: string): void;
}

/** Something to release: a registration, or a client with all its registrations and watches. */
export interface Releasable {
  release?: () => Promise<void>;
  close?: () => Promise<void>;
  drain?: (options?: DrainOptions) => Promise<DrainReport>;
}

export interface ReleaseOptions {
  /** Default: `SIGTERM` and `SIGINT`. */
  signals?: readonly string[] | undefined;
  /** Drains first, so that no caller reaches the process while it ends. Only for a registration. */
  drain?: DrainOptions | undefined;
  /** Runs after the release, when no more calls arrive: for example, to close a server. */
  after?: (() => void | Promise<void>) | undefined;
}

/**
 * Releases a registration when the process receives a signal, then lets the signal end the process. A second signal ends
 * the process at once. For Node, Bun and Deno; elsewhere it does nothing.
 *
 * @returns A function that removes the signal handlers.
 */
export function releaseOnSignals(handle: Releasable, options: ReleaseOptions = {}): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], drain, after } = options;
  // `as`: each runtime has one of them, or neither.
  const { Deno, process } = globalThis as { Deno?: SignalDeno; process?: SignalProcess };
  const listeners = signals.map((signal) => ({ signal, act: () => void end(signal) }));
  const undo = () => {
    for (const { signal, act } of listeners) {
      if (Deno !== undefined) Deno.removeSignalListener(signal, act);
      else process?.off(signal, act);
    }
  };
  const end = async (signal: string): Promise<void> => {
    undo();
    try {
      if (drain !== undefined) await handle.drain?.(drain);
    } catch (error) {
      console.error('rollcall: could not drain', error);
    }
    try {
      await (handle.release ?? handle.close)?.call(handle);
      await after?.();
    } catch (error) {
      console.error('rollcall: could not shut down cleanly', error);
    }
    if (Deno !== undefined) Deno.kill(Deno.pid, signal);
    else process?.kill(process.pid, signal);
  };
  for (const { signal, act } of listeners) {
    if (Deno !== undefined) Deno.addSignalListener(signal, act);
    else process?.on(signal, act);
  }
  return undo;
}
