import { clearInterval, setInterval } from 'node:timers';
import type { Platform } from '../../../core/platform/platform';
import { WRITE_PROBE_INTERVAL_MS } from '../../../model/limits';
import { messageOf } from './disk';

/** Result codes of SQLite that say that the disk takes no writes. Source: https://www.sqlite.org/rescode.html */
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

const FAULTS: ReadonlySet<number> = new Set([READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB]);

/** What keeps a file from being written. */
export interface WriteFault {
  /** In SQLite's words. */
  reason: string;
  /** True if it keeps the files beside it from being written, too. */
  isShared: boolean;
}

/** Returns what an error of SQLite says of the disk; undefined for any other error, such as a wrong statement. */
export function writeFaultIn(error: unknown): WriteFault | undefined {
  const code = codeOf(error);
  return FAULTS.has(code) ? { reason: messageOf(error), isShared: code === FULL } : undefined;
}

/** Tells whether SQLite has found that a file is no database, or a damaged one. */
export function isDamage(error: unknown): boolean {
  return [CORRUPT, NOTADB].includes(codeOf(error));
}

/** Returns the result code of an error of SQLite; NaN for any other. */
function codeOf(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return Number.NaN;
  return error.errcode & 0xff; // the rest says which operation it was
}

/**
 * Knows which files of a process can't be written at the moment, and why. A full disk that one of them has met counts for
 * all: the others need not lose a commit to find out. The log tells of a reason once, whatever the number of files.
 */
export class WriteFaults {
  readonly #log: Platform['log'];
  readonly #faults = new Map<string, WriteFault>();

  constructor(log: Platform['log']) {
    this.#log = log;
  }

  /** Why a file can't be written; undefined where it can be. */
  of(path: string): string | undefined {
    if (this.#faults.size === 0) return undefined;
    const own = this.#faults.get(path);
    return (own ?? [...this.#faults.values()].find(({ isShared }) => isShared))?.reason;
  }

  /** Why any file can't be written, each reason once. */
  get reasons(): string[] {
    return [...new Set([...this.#faults.values()].map(({ reason }) => reason))];
  }

  begin(path: string, fault: WriteFault): void {
    const isKnown = this.reasons.includes(fault.reason);
    this.#faults.set(path, fault);
    if (!isKnown) this.#log('error', 'nothing can be stored; changes are refused', { reason: fault.reason, path });
  }

  /** Notes that a file can be written again. */
  end(path: string): void {
    const fault = this.#faults.get(path);
    this.forget(path);
    if (fault === undefined || this.reasons.includes(fault.reason)) return;
    this.#log('warn', 'changes are stored again', { reason: fault.reason });
  }

  /** Forgets a file that is closed. */
  forget(path: string): void {
    this.#faults.delete(path);
  }
}

/** Tries a file that can't be written every second, until it can be. */
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

  /** Notes that the file can't be written. */
  begin(fault: WriteFault): void {
    this.#faults.begin(this.#path, fault);
    this.#timer ??= setInterval(() => void this.#try(), WRITE_PROBE_INTERVAL_MS).unref();
  }

  /** Ends the trials of a file that is closed. */
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
      // The next one may succeed.
    } finally {
      this.#isTrying = false;
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
