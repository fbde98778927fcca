import { Directory } from '../../core/directory/directory';
import type { DirectoryPlatform } from '../../core/directory/directory-state';
import type { DirectoryApi } from '../../model/directory-api';
import { ALARM_RETRY_MS } from '../../model/limits';
import { callsThrough } from './calls-through';
import { MemoryAlarm } from './memory-alarm';
import type { ProcessPlatform } from './process-platform';
import type { DatabaseFile } from './storage/database-file';

/** What the directory of a process needs. */
export interface ResidentDirectoryParts {
  platform: ProcessPlatform;
  file: DatabaseFile;
  controlOf: DirectoryPlatform['controlOf'];
}

/** The directory of this process. It lends the core a file and an alarm, and adds no rule of its own. */
export class ResidentDirectory {
  readonly api: DirectoryApi;
  readonly #parts: ResidentDirectoryParts;
  readonly #alarm = new MemoryAlarm();
  #directory: Directory;

  constructor(parts: ResidentDirectoryParts) {
    this.#parts = parts;
    this.#directory = this.#wake();
    // `abort` replaces the directory, so each call looks it up.
    this.api = callsThrough((call) => call(this.#directory));
  }

  /** Does what is due, and looks after its file. The host calls it every `ATTENTION_PASS_MS`. What fails is tried again. */
  async tick(): Promise<void> {
    const { platform, file } = this.#parts;
    file.check();
    if (this.#alarm.fired(platform.clock.now()) === undefined) return;
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

  close(): Promise<void> {
    return this.#parts.file.close();
  }

  #wake(): Directory {
    const { platform, file, controlOf } = this.#parts;
    // The next tick does what is due since the last process, and arms the alarm for what comes then.
    this.#alarm.arm(platform.clock.now());
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
}
