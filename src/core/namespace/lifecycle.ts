import type { NamespaceControl } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import type { NamespaceSettings } from '../../model/namespace';
import type { Platform } from '../platform/platform';
import { notStored } from '../storage/commit-pipeline';
import { isStorageUsed, prepareStorage } from '../storage/schema';
import { scheduleCompaction } from './commit/commit';
import { newEpoch } from './commit/epoch-change';
import { writeSettings } from './commit/settings';
import { Registry } from './core';
import { missingNamespace } from './records/catalog';
import type { NamespaceState } from './state';
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
  /** Set if this version can't read the storage: every call is refused with this error. */
  readonly #unreadable: RegistryError | undefined;
  /** The directory's latest call. Its calls run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param foundsItself True if it exists without being created, as the default namespace does. */
  constructor(platform: Platform, foundsItself: boolean) {
    this.#platform = platform;
    try {
      if (foundsItself || isStorageUsed(platform.storage)) this.#awake = awaken(platform);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      this.#unreadable = error;
      platform.log('error', 'the storage can’t be read', { reason: error.message });
    }
  }

  /** @throws {RegistryError} `NAMESPACE_NOT_FOUND` if it does not exist, `NOT_CONFIGURED` if its storage can't be read. */
  get registry(): Registry {
    this.#assertReadable();
    if (this.#awake === undefined) throw missingNamespace();
    return this.#awake.registry;
  }

  get isThere(): boolean {
    return this.#awake !== undefined;
  }

  configure(settings: NamespaceSettings): Promise<void> {
    return this.#inOrder(async () => {
      this.#assertReadable();
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
    this.#assertReadable();
    if (this.#awake === undefined) return { instances: 0, services: 0 };
    const { catalog } = this.#awake.state;
    return { instances: catalog.instanceCount, services: catalog.serviceCount };
  }

  erase({ onlyIfEmpty }: { onlyIfEmpty: boolean }): Promise<boolean> {
    return this.#inOrder(async () => {
      this.#assertReadable();
      if (this.#awake === undefined) return true;
      const { state, hub } = this.#awake;
      if (onlyIfEmpty && state.catalog.instanceCount + state.catalog.serviceCount > 0) return false;
      // From here on every call is refused. Calls under way finish before the storage is erased.
      this.#awake = undefined;
      await end(state, hub);
      await this.#platform.erase();
      return true;
    });
  }

  async closeSocketsOf(tokenIds: readonly string[]): Promise<void> {
    if (this.#awake !== undefined) closeSocketsOf(this.#awake.hub, tokenIds);
  }

  /**
   * Stores everything that is only in memory, for a host that unloads an idle namespace. Nothing is written afterwards; the
   * next `Namespace` on the same storage continues from there.
   *
   * @throws {RegistryError} `UNAVAILABLE` if it could not be stored.
   */
  rest(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#awake === undefined) return;
      const { checkpoints, leases, pipeline } = this.#awake.state;
      pipeline.assertStorable();
      // Needed even if there is no renewal to keep: it records until when this process listened.
      if (checkpoints.isOpen || leases.changed || leases.size > 0) checkpoints.close();
      await pipeline.settled();
      await pipeline.close();
      this.#awake = undefined;
    });
  }

  #assertReadable(): void {
    if (this.#unreadable !== undefined) throw this.#unreadable;
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
