import type { NamespaceControl } from '../../model/directory-api';
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
import { arm } from './leases/expiry';
import { missingNamespace } from './records/catalog';
import type { NamespaceState } from './state';
import { notePass } from './time/attention';
import { turn } from './turn/turn';
import { wake } from './wake';
import type { Hub } from './watch/hub';
import { closeSocketsOf } from './watch/open-tokens';

/** The parts of a namespace that exists. */
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
  /** Why its storage can't be read by this version: whatever is asked of it is refused with that. */
  #unreadable: RegistryError | undefined;
  /** Error of all calls while it can't begin, because it has to store something first and nothing can be stored. */
  #heldBack: RegistryError | undefined;
  /** It was erased, or is to be. */
  #isEnded = false;
  /** What the directory asked last: one thing is done after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param foundsItself True if it exists without being created, as the default namespace does. */
  constructor(platform: Platform, foundsItself: boolean) {
    this.#platform = platform;
    this.#foundsItself = foundsItself;
    this.#begin();
  }

  /**
   * @throws {RegistryError} `NAMESPACE_NOT_FOUND` where it is not there, `NOT_CONFIGURED` where it can't be read, `UNAVAILABLE`
   *   where it could not begin.
   */
  get registry(): Registry {
    this.#assertUsable();
    if (this.#awake === undefined) throw missingNamespace();
    return this.#awake.registry;
  }

  get isThere(): boolean {
    return this.#awake !== undefined;
  }

  /** Begins a namespace that had to wait until something can be stored. For a host that ticks. */
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

  async size(): Promise<{ instances: number; services: number }> {
    this.#assertUsable();
    if (this.#awake === undefined) return { instances: 0, services: 0 };
    const { catalog } = this.#awake.state;
    return { instances: catalog.instanceCount, services: catalog.serviceCount };
  }

  erase({ onlyIfEmpty }: { onlyIfEmpty: boolean }): Promise<boolean> {
    return this.#inOrder(async () => {
      this.#assertUsable();
      if (this.#awake === undefined && !this.#isEnded) return true;
      if (this.#awake !== undefined) {
        const { state, hub } = this.#awake;
        if (onlyIfEmpty && state.catalog.instanceCount + state.catalog.serviceCount > 0) return false;
        // From here on it knows no call; what was under way comes to its end before its storage goes.
        this.#awake = undefined;
        this.#isEnded = true;
        await end(state, hub);
      }
      // Again, where the last attempt failed.
      await this.#platform.erase();
      return true;
    });
  }

  async closeSocketsOf(tokenIds: readonly string[]): Promise<void> {
    if (this.#awake !== undefined) closeSocketsOf(this.#awake.hub, tokenIds);
  }

  /**
   * Stores all that is in memory alone, and arms the alarm, for a host that takes the namespace out of memory while nothing is asked of
   * it. From then on nothing is written; the next one that is made over the same storage goes on.
   *
   * @throws {RegistryError} `UNAVAILABLE` if it could not be stored.
   */
  rest(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#awake === undefined) return;
      const { checkpoints, leases, pipeline } = this.#awake.state;
      pipeline.assertStorable();
      // It has listened until here; from now on the process listens on its behalf.
      notePass(this.#awake.state);
      // Also where no renewal is to be kept: the next one sees by it until when this one listened.
      if (checkpoints.isOpen || leases.changed || leases.size > 0) checkpoints.close();
      // It may have been woken by what needs no alarm, such as the question how large it is.
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
        log('error', 'the storage can’t be read', { reason: error.message });
      } else if (!this.#holdsBack(error)) throw error;
    }
  }

  /** Records that it can't begin if nothing can be stored. Returns whether that is so. */
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
function configure(state: NamespaceState, settings: NamespaceSettings): Promise<void> {
  return turn(state, undefined, (now) => {
    state.pipeline.assertStorable();
    if (!state.settings.replace(settings)) return;
    state.pipeline.enqueue(() => writeSettings(state.platform.storage, settings));
    scheduleCompaction(state, now);
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
