import { Directory } from '../../core/directory/directory';
import type { DirectoryPlatform } from '../../core/directory/directory-state';
import type { DirectoryApi } from '../../model/directory-api';
import { ALARM_RETRY_MS } from '../../model/limits';
import { callsThrough } from './calls-through';
import { MemoryAlarm } from './memory-alarm';
import type { ProcessPlatform } from './process-platform';
import type { DatabaseFile } from './storage/database-file';

/** Parts of a {@link ResidentDirectory}. */
export interface ResidentDirectoryParts {
  platform: ProcessPlatform;
  file: DatabaseFile;
  controlOf: DirectoryPlatform['controlOf'];
  rootToken: DirectoryPlatform['rootToken'];
  layoutKinds?: DirectoryPlatform['layoutKinds'];
}

/** The directory of this process. It gives the core a file and an alarm, and adds no rule of its own. */
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

  /** Runs the alarm if it is due, and checks the file. The host calls it every `ATTENTION_PASS_MS`. A failed alarm is retried. */
  async tick(): Promise<void> {
    const { platform, file } = this.#parts;
    file.check();
    if (this.#alarm.fired(platform.clock.now()) === undefined) return;
    try {
      await this.#directory.alarm();
    } catch (error) {
      // A write fault is already in the log.
      if (file.writeFault === undefined) {
        platform.log('error', "the directory's alarm failed; it will be retried", { error: String(error) });
      }
      this.#alarm.arm(platform.clock.now() + ALARM_RETRY_MS);
    }
  }

  close(): Promise<void> {
    return this.#parts.file.close();
  }

  #wake(): Directory {
    const { platform, file, controlOf, rootToken, layoutKinds } = this.#parts;
    // The next tick runs what became due while no process ran, and then arms the alarm for the next deadline.
    this.#alarm.arm(platform.clock.now());
    return Directory.wake({
      ...platform,
      storage: file.storage,
      writeFault: () => file.writeFault,
      alarm: this.#alarm,
      placements: { own: undefined, matter: false },
      controlOf,
      rootToken,
      layoutKinds,
      // After a failed write the state in memory is ahead of the file, so it is read again.
      abort: () => {
        this.#directory = this.#wake();
      },
    });
  }
}
