import { join } from 'node:path';
import type { DirectoryApi } from '../../model/directory-api';
import type { ClaimsOf } from '../../model/instance';
import type { Layout } from '../../model/layout';
import { ATTENTION_PASS_MS } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import type { NamespaceSockets } from '../../model/namespace-sockets';
import { DataFiles } from './data-files';
import { acceptSocket } from './listener/accept-socket';
import { openPipe } from './listener/byte-pipe';
import { Namespaces } from './namespaces';
import { type ProcessPlatform, processPlatform, type WriteLine } from './process-platform';
import { ResidentDirectory } from './resident-directory';
import { CheckpointWorker } from './storage/checkpoint-worker';
import { DatabaseFile } from './storage/database-file';
import { WriteFaults } from './storage/write-faults';

/** Settings of a {@link ResidentPlatform}. */
export interface ResidentOptions {
  /** Absolute path of the data folder. This process must hold its lock. */
  data: string;
  rootToken: string;
  /** The lowest level that is logged. Default: `warn`. */
  logLevel?: string | undefined;
  claimsOf: ClaimsOf;
  /** Layouts of entries that doors bring. Default: none. */
  layouts?: readonly Layout[] | undefined;
  writeLine: WriteLine;
  /** Called once if the state in memory is ahead of the disk for good. The process must then end. */
  onLost: (reason: string) => void;
  /** Idle time after which a namespace sleeps. Default: 60,000. */
  sleepAfterMs?: number | undefined;
  /** Number of idle namespaces that may stay open; 500 at most. */
  awakeMaxCount?: number | undefined;
}

/** The interfaces of a namespace of this process. */
interface NamespaceHandle {
  calls: NamespaceApi;
  sockets: NamespaceSockets;
}

/** The registry of this process without its listener: everything that the app needs from a host. */
export class ResidentPlatform {
  readonly directory: DirectoryApi;
  readonly log: ProcessPlatform['log'];
  readonly #namespaces: Namespaces;
  readonly #resident: ResidentDirectory;
  readonly #checkpoints: CheckpointWorker;
  readonly #faults: WriteFaults;
  #ticking: ReturnType<typeof setInterval> | undefined;

  private constructor(parts: {
    log: ProcessPlatform['log'];
    namespaces: Namespaces;
    directory: ResidentDirectory;
    checkpoints: CheckpointWorker;
    faults: WriteFaults;
  }) {
    this.log = parts.log;
    this.#namespaces = parts.namespaces;
    this.#resident = parts.directory;
    this.directory = parts.directory.api;
    this.#checkpoints = parts.checkpoints;
    this.#faults = parts.faults;
  }

  /**
   * Opens the data folder and starts the tick.
   *
   * @param checkpointWorker URL of the checkpoint worker's built file. Default: its source file.
   */
  static async start(options: ResidentOptions, checkpointWorker?: URL): Promise<ResidentPlatform> {
    const platform = processPlatform(options.logLevel, options.writeLine);
    const files = new DataFiles(join(options.data, 'storage'));
    const checkpoints = new CheckpointWorker(checkpointWorker);
    const faults = new WriteFaults(platform.log);
    const openFile = (path: string) => DatabaseFile.open({ path, checkpoints, faults, onLost: options.onLost });
    const { claimsOf, layouts, sleepAfterMs, awakeMaxCount } = options;
    const parts = { platform, files, openFile, claimsOf, layouts, sleepAfterMs, awakeMaxCount };
    // Together: each waits for the disk.
    const [directoryFile, namespaces] = await Promise.all([
      openFile(files.directory),
      Namespaces.open({ ...parts, directory: () => directory.api }),
    ]);
    const directory: ResidentDirectory = new ResidentDirectory({
      platform,
      file: directoryFile,
      controlOf: (id) => namespaces.of(id),
      rootToken: options.rootToken,
      layoutKinds: layouts?.map(({ kind }) => kind),
    });
    const registry = new ResidentPlatform({ log: platform.log, namespaces, directory, checkpoints, faults });
    registry.#ticking = setInterval(() => registry.#tick(), ATTENTION_PASS_MS);
    // Not awaited: a call opens its namespace if it comes first.
    void namespaces.wakeAll();
    return registry;
  }

  /** The app's options that the host supplies. */
  get appOptions() {
    return {
      directory: this.directory,
      namespaceOf: (id: string) => this.#namespaceOf(id),
      // The directory is in the same process, so it is always reachable.
      askDirectory: <T>(question: () => Promise<T>) => question(),
      openPipe,
      acceptSocket,
      now: () => Date.now(),
      problems: () => this.#faults.reasons.map((reason) => `nothing can be stored: ${reason}`),
    };
  }

  /** Stores everything and closes all files. */
  async close(): Promise<void> {
    clearInterval(this.#ticking);
    await this.#namespaces.close();
    await this.#resident.close();
    await this.#checkpoints.close();
  }

  #tick(): void {
    void this.#namespaces.tick();
    void this.#resident.tick();
  }

  #namespaceOf(id: string): NamespaceHandle | undefined | Promise<NamespaceHandle | undefined> {
    return this.#namespaces.known(id) ?? this.#look(id);
  }

  async #look(id: string): Promise<NamespaceHandle | undefined> {
    const entry = await this.directory.findNamespace(id);
    return entry === null ? undefined : this.#namespaces.of(id);
  }
}
