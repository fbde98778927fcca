import type { DrainOptions, DrainReport } from '../wire/registration';

/** The part of Node's and Bun's `process` that this uses. */
interface SignalProcess {
  pid: number;
  on(signal: string, act: () => void): unknown;
  off(signal: string, act: () => void): unknown;
  kill(pid: number, signal: string): unknown;
}

/** The same of Deno's. */
interface SignalDeno {
  pid: number;
  addSignalListener(signal: string, act: () => void): void;
  removeSignalListener(signal: string, act: () => void): void;
  kill(pid: number, signal: string): void;
}

/** What is let go of: a registration, or a client with all that it holds. */
export interface Releasable {
  release?: () => Promise<void>;
  close?: () => Promise<void>;
  drain?: (options?: DrainOptions) => Promise<DrainReport>;
}

export interface ReleaseOptions {
  /** Default: `SIGTERM` and `SIGINT`. */
  signals?: readonly string[] | undefined;
  /** Drain first, so that no caller meets the process as it ends. A registration only. */
  drain?: DrainOptions | undefined;
  /** What else has to end, once no caller comes any more: such as closing a server. */
  after?: (() => void | Promise<void>) | undefined;
}

/**
 * Releases a registration when the process is told to end, and lets the signal end it after that. A second signal ends
 * the process at once. For Node, Bun and Deno; elsewhere it does nothing.
 *
 * @returns What takes it back.
 */
export function releaseOnSignals(handle: Releasable, options: ReleaseOptions = {}): () => void {
  const { signals = ['SIGTERM', 'SIGINT'], drain, after } = options;
  // `as`: there is the one or the other, according to the runtime, or neither.
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
      console.error('rollcall: could not end well', error);
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
