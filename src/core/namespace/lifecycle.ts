import type { NamespaceControl, NamespaceSize } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import type { NamespaceSettings } from '../../model/namespace';
import type { Platform } from '../platform/platform';
import { notStored } from '../storage/commit-pipeline';
import { isMarkedForNewEpoch, isStorageUsed, prepareStorage } from '../storage/schema';
import { scheduleCompaction } from './commit/commit';
import { newEpoch } from './commit/epoch-change';
import { writeSettings } from './commit/settings';
import { Registry } from './core';
import { beginLookAgain } from './layouts/look-again';
import { arm } from './leases/expiry';
import { missingNamespace } from './records/catalog';
import type { NamespaceState } from './state';
import { notePass } from './time/attention';
import { turn } from './turn/turn';
import { wake } from './wake';
import type { Hub } from './watch/hub';
import { closeSocketsOf } from './watch/open-tokens';

/** The parts of an awake namespace. */
interface Awake {
  registry: Registry;
  state: NamespaceState;
  hub: Hub;
}

/**
 * A namespace that may or may not exist. One that was never created, or was erased, refuses every call and writes nothing,
 * so that a caller that still uses its name can't bring it back. One that has storage exists.
 */
export class Namespace implements NamespaceControl {
  readonly #platform: Platform;
  #awake: Awake | undefined;
  readonly #foundsItself: boolean;
  /** Set if this version can't read the storage: every call is refused with this error. */
  #unreadable: RegistryError | undefined;
  /** Error of all calls while it can't begin, because it must store something first and nothing can be stored. */
  #heldBack: RegistryError | undefined;
  /** True once it is erased, or about to be. */
  #isEnded = false;
  /** The directory's latest call. Its calls run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param foundsItself True if it exists without being created, as the default namespace does. */
  constructor(platform: Platform, foundsItself: boolean) {
    this.#platform = platform;
    this.#foundsItself = foundsItself;
    this.#begin();
  }

  /**
   * @throws {RegistryError} `NAMESPACE_NOT_FOUND` if it does not exist, `NOT_CONFIGURED` if its storage can't be read,
   *   `UNAVAILABLE` if it could not begin.
   */
  get registry(): Registry {
    this.#assertUsable();
    if (this.#awake === undefined) throw missingNamespace();
    return this.#awake.registry;
  }

  get exists(): boolean {
    return this.#awake !== undefined;
  }

  /** Begins a namespace that had to wait because nothing could be stored. A host that ticks calls it. */
  beginAgain(): void {
    if (this.#heldBack !== undefined && this.#platform.writeFault?.() === undefined) this.#begin();
  }

  configure(settings: NamespaceSettings): Promise<void> {
    return this.#inOrder(async () => {
      this.#assertUsable();
      if (this.#awake !== undefined) return configure(this.#awake.state, settings);
      const { storage, writeFault } = this.#platform;
      const fault = writeFault?.();
      if (fault !== undefined) throw notStored(fault);
      prepareStorage(
        storage,
        () => newEpoch(this.#platform.random),
        () => writeSettings(storage, settings),
      );
      await storage.sync();
      this.#awake = awaken(this.#platform);
    });
  }

  async size(): Promise<NamespaceSize> {
    this.#assertUsable();
    if (this.#awake === undefined) return { instances: 0, services: 0, entries: 0 };
    const { catalog, entries } = this.#awake.state;
    return { instances: catalog.instanceCount, services: catalog.serviceCount, entries: entries.count };
  }

  erase({ onlyIfEmpty }: { onlyIfEmpty: boolean }): Promise<boolean> {
    return this.#inOrder(async () => {
      this.#assertUsable();
      if (this.#awake === undefined && !this.#isEnded) return true;
      if (this.#awake !== undefined) {
        const { state, hub } = this.#awake;
        const { catalog, entries } = state;
        if (onlyIfEmpty && catalog.instanceCount + catalog.serviceCount + entries.count > 0) return false;
        // From here on every call is refused. Calls under way finish before the storage is erased.
        this.#awake = undefined;
        this.#isEnded = true;
        await end(state, hub);
      }
      // Also retries an erase that failed before.
      await this.#platform.erase();
      return true;
    });
  }

  async closeSocketsOf(tokenIds: readonly string[]): Promise<void> {
    if (this.#awake !== undefined) closeSocketsOf(this.#awake.hub, tokenIds);
  }

  /**
   * Stores everything that is only in memory, and arms the alarm, for a host that unloads an idle namespace. Nothing is
   * written afterwards; the next `Namespace` on the same storage continues from there.
   *
   * @throws {RegistryError} `UNAVAILABLE` if it could not be stored.
   */
  rest(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#awake === undefined) return;
      const { checkpoints, leases, pipeline } = this.#awake.state;
      pipeline.assertStorable();
      // It has listened until now; from here on the process listens on its behalf.
      notePass(this.#awake.state);
      // Needed even if there is no renewal to store: it records until when the namespace listened.
      if (checkpoints.isOpen || leases.changed || leases.size > 0) checkpoints.close();
      // A call that arms no alarm, such as `size`, may have woken it.
      arm(this.#awake.state);
      await pipeline.settled();
      await pipeline.close();
      this.#awake = undefined;
    });
  }

  #begin(): void {
    const { storage, log } = this.#platform;
    this.#heldBack = undefined;
    try {
      const isUsed = isStorageUsed(storage);
      // Restored data must not be read in the epoch of the data it replaced.
      if (isUsed && isMarkedForNewEpoch(storage) && this.#holdsBack()) return;
      if (isUsed || this.#foundsItself) this.#awake = awaken(this.#platform);
    } catch (error) {
      if (error instanceof RegistryError) {
        this.#unreadable = error;
        log('error', "the storage can't be read", { reason: error.message });
      } else if (!this.#holdsBack(error)) throw error;
    }
  }

  /** Holds the namespace back if nothing can be stored. Returns whether it did. */
  #holdsBack(cause?: unknown): boolean {
    const fault = this.#platform.writeFault?.();
    if (fault !== undefined) this.#heldBack = notStored(fault, cause);
    return fault !== undefined;
  }

  #assertUsable(): void {
    const problem = this.#unreadable ?? this.#heldBack;
    if (problem !== undefined) throw problem;
  }

  #inOrder<Outcome>(step: () => Promise<Outcome>): Promise<Outcome> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => {});
    return done;
  }
}

function awaken(platform: Platform): Awake {
  const { state, hub } = wake(platform);
  return { registry: new Registry(state, hub), state, hub };
}

/** Replaces the settings. They take effect at once, and are durable when the promise resolves. */
export function configure(state: NamespaceState, settings: NamespaceSettings): Promise<void> {
  return turn(state, undefined, (now) => {
    state.pipeline.assertStorable();
    if (!state.settings.replace(settings)) return;
    state.pipeline.enqueue(() => writeSettings(state.platform.storage, settings));
    scheduleCompaction(state, now);
    state.layouts.configure(settings.layouts ?? []);
    beginLookAgain(state, now);
  });
}

/** Ends a namespace: closes its watches, ends its waits, and writes nothing from then on. */
async function end(state: NamespaceState, hub: Hub): Promise<void> {
  for (const { connection } of hub.peers()) {
    hub.dismiss(connection, CLOSE_CODES.namespaceGone, 'the namespace has been deleted');
  }
  const closed = state.pipeline.close();
  state.receipts.end();
  await closed;
}
