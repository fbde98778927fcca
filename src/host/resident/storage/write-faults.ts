import { clearInterval, setInterval } from 'node:timers';
import type { Platform } from '../../../core/platform/platform';
import { WRITE_PROBE_INTERVAL_MS } from '../../../model/limits';
import { messageOf } from './disk';

/** Result codes of SQLite that mean that the disk accepts no writes. Source: https://www.sqlite.org/rescode.html */
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

const FAULTS: ReadonlySet<number> = new Set([READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB]);

/** A reason why a file can't be written. */
export interface WriteFault {
  /** SQLite's message. */
  reason: string;
  /** True if the files beside it can't be written either. */
  isShared: boolean;
}

/** Returns the write fault behind an error of SQLite; undefined for any other error, such as an invalid statement. */
export function writeFaultIn(error: unknown): WriteFault | undefined {
  const code = codeOf(error);
  return FAULTS.has(code) ? { reason: messageOf(error), isShared: code === FULL } : undefined;
}

/** Returns whether an error of SQLite means that a file is damaged or not a database. */
export function isDamage(error: unknown): boolean {
  return [CORRUPT, NOTADB].includes(codeOf(error));
}

/** Returns the primary result code of an error of SQLite; NaN for any other error. */
function codeOf(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return Number.NaN;
  return error.errcode & 0xff; // the other bits name the operation
}

/**
 * Tracks which files of the process can't be written at the moment, and why. If one file meets a full disk, the fault applies
 * to all of them, so that the others need not fail a commit first. Each reason is logged once, not once per file.
 */
export class WriteFaults {
  readonly #log: Platform['log'];
  readonly #faults = new Map<string, WriteFault>();

  constructor(log: Platform['log']) {
    this.#log = log;
  }

  /** Returns why a file can't be written; undefined if it can. */
  of(path: string): string | undefined {
    if (this.#faults.size === 0) return undefined;
    const own = this.#faults.get(path);
    return (own ?? [...this.#faults.values()].find(({ isShared }) => isShared))?.reason;
  }

  /** The reasons why files can't be written, each once. */
  get reasons(): string[] {
    return [...new Set([...this.#faults.values()].map(({ reason }) => reason))];
  }

  /** Records that a file can't be written. */
  begin(path: string, fault: WriteFault): void {
    const isKnown = this.reasons.includes(fault.reason);
    this.#faults.set(path, fault);
    if (!isKnown) this.#log('error', 'nothing can be stored; changes are refused', { reason: fault.reason, path });
  }

  /** Records that a file can be written again. */
  end(path: string): void {
    const fault = this.#faults.get(path);
    this.forget(path);
    if (fault === undefined || this.reasons.includes(fault.reason)) return;
    this.#log('warn', 'changes are stored again', { reason: fault.reason });
  }

  /** Removes a file that is closed. */
  forget(path: string): void {
    this.#faults.delete(path);
  }
}

/** Tries to write to a file with a fault every second, until a write succeeds. */
export class WriteProbe {
  readonly #path: string;
  readonly #faults: WriteFaults;
  readonly #tryToWrite: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isTrying = false;

  /** @param tryToWrite Rejects while the file can't be written. */
  constructor(path: string, faults: WriteFaults, tryToWrite: () => Promise<void>) {
    this.#path = path;
    this.#faults = faults;
    this.#tryToWrite = tryToWrite;
  }

  /** Records that the file can't be written, and starts to probe it. */
  begin(fault: WriteFault): void {
    this.#faults.begin(this.#path, fault);
    this.#timer ??= setInterval(() => void this.#try(), WRITE_PROBE_INTERVAL_MS).unref();
  }

  /** Stops probing a file that is closed. */
  close(): void {
    this.#stop();
    this.#faults.forget(this.#path);
  }

  async #try(): Promise<void> {
    if (this.#isTrying) return;
    this.#isTrying = true;
    try {
      await this.#tryToWrite();
      this.#stop();
      this.#faults.end(this.#path);
    } catch {
      // The next attempt may succeed.
    } finally {
      this.#isTrying = false;
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** SQLite's extended result code for a failed flush. */
const IOERR_FSYNC = 1034;

/** Returns whether SQLite failed to flush a file. Source: https://www.sqlite.org/rescode.html#ioerr_fsync */
export function isFailedFlush(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === IOERR_FSYNC;
}

/** Returns whether another process holds a lock on the database. Deno gives no code for this error. */
export const isLocked = (error: unknown): boolean =>
  error instanceof Error && /database is locked/.test(messageOf(error));
