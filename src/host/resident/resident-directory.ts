import { Directory } from '../../core/directory/directory';
import type { DirectoryPlatform } from '../../core/directory/directory-state';
import type { Alarm } from '../../core/platform/platform';
import type { DirectoryApi } from '../../model/directory-api';
import { ALARM_RETRY_MS, TIMER_MAX_MS } from '../../model/limits';
import type { ProcessPlatform } from './process-platform';
import type { DatabaseFile } from './storage/database-file';

/** What the directory of a process needs. */
export interface ResidentDirectoryParts {
  platform: ProcessPlatform;
  file: DatabaseFile;
  controlOf: DirectoryPlatform['controlOf'];
}

/** The directory of this process. It lends the core a file and a timer, and adds no rule of its own. */
export class ResidentDirectory {
  readonly api: DirectoryApi;
  readonly #parts: ResidentDirectoryParts;
  readonly #alarm = new TimerAlarm(() => void this.attend());
  #directory: Directory;

  constructor(parts: ResidentDirectoryParts) {
    this.#parts = parts;
    this.#directory = this.#wake();
    this.api = this.#current();
  }

  /** Does what is due, and is called by its alarm for what is due then. What fails is tried again. */
  async attend(): Promise<void> {
    const { platform, file } = this.#parts;
    try {
      await this.#directory.alarm();
    } catch (error) {
      // That nothing can be stored is logged already.
      if (file.writeFault === undefined) {
        platform.log('error', 'the directory’s alarm failed; it is tried again', { error: String(error) });
      }
      this.#alarm.arm(platform.clock.now() + ALARM_RETRY_MS);
    }
  }

  async close(): Promise<void> {
    this.#alarm.disarm();
    await this.#parts.file.close();
  }

  #wake(): Directory {
    const { platform, file, controlOf } = this.#parts;
    return Directory.wake({
      ...platform,
      storage: file.storage,
      writeFault: () => file.writeFault,
      alarm: this.#alarm,
      placements: { own: undefined, matter: false },
      controlOf,
      // What is in memory is ahead of what is stored, as a write has failed: it begins anew.
      abort: () => {
        this.#directory = this.#wake();
      },
    });
  }

  /** The interface of the directory, whichever is there at the time of a call. */
  #current(): DirectoryApi {
    const methods = new Map<PropertyKey, unknown>();
    const get = (_target: object, name: PropertyKey): unknown => {
      // `as`, twice: the interface has nothing but methods, which take what they are asked in order.
      const call = (...asked: unknown[]) =>
        (this.#directory[name as keyof DirectoryApi] as (...asked: unknown[]) => unknown).apply(this.#directory, asked);
      if (!methods.has(name)) methods.set(name, call);
      return methods.get(name);
    };
    return new Proxy({}, { get }) as DirectoryApi; // `as`: a proxy is typed by its target
  }
}

/** An alarm that is a timer. What it was armed for is not stored: its owner arms it anew at a start. */
class TimerAlarm implements Alarm {
  readonly #ring: () => void;
  #armedFor: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  armedFor(): number | null {
    return this.#armedFor;
  }

  arm(at: number): void {
    this.disarm();
    this.#armedFor = at;
    const delayMs = Math.min(Math.max(at - Date.now(), 0), TIMER_MAX_MS);
    this.#timer = setTimeout(() => this.#fire(at), delayMs);
  }

  disarm(): void {
    clearTimeout(this.#timer);
    this.#armedFor = null;
  }

  #fire(at: number): void {
    // A clock that was set back, or a time beyond what a timer takes.
    if (Date.now() < at) {
      this.arm(at);
      return;
    }
    this.#armedFor = null;
    this.#ring();
  }
}
