import type { ServerFrame, WatchedChange } from '../../model/frames';
import type { InstanceView } from '../../model/instance';
import { entryOf } from './translate';
import type { Result, Service } from './wire';

/** Names an instance among all of a namespace. */
interface Key {
  group: string;
  service: string;
  id: string;
}

const textOf = ({ group, service, id }: Key): string => JSON.stringify([group, service, id]);

/** A version of a service without what it has beside its nodes. */
const bare = ({ name, version, nodes }: Service): Service => ({
  name,
  version,
  metadata: {},
  endpoints: [],
  nodes: nodes.map(({ id, address }) => ({ id, address, metadata: {} })),
});

/**
 * The nodes that a watcher knows, as far as it takes to tell it that one is gone. Turns what a namespace tells into what
 * go-micro's watchers are told: one item for each node that changed.
 *
 * Only available instances are nodes: one that is quarantined is deleted here, and created when it is back.
 */
export class WatchedNodes {
  readonly #known = new Map<string, Service>();
  /** Those that the snapshot so far has shown; the others are gone when it ends. */
  #shown = new Set<string>();

  /** What a frame means for the watcher, in order. */
  resultsOf(frame: ServerFrame): Result[] {
    if (frame.type === 'changes') return frame.changes.flatMap((change) => this.#changed(change));
    if (frame.type !== 'snapshot') return [];
    if ((frame.part ?? 0) === 0) this.#shown = new Set();
    const results = frame.services.flatMap(({ instances }) => instances.flatMap((instance) => this.#shows(instance)));
    return frame.last === false ? results : [...results, ...this.#notShown()];
  }

  #changed(change: WatchedChange): Result[] {
    if (change.kind === 'service') return [];
    return change.type === 'put' ? this.#put(change.after) : this.#gone(textOf(change));
  }

  #shows(instance: InstanceView): Result[] {
    this.#shown.add(textOf(instance));
    return this.#put(instance);
  }

  #notShown(): Result[] {
    const gone = [...this.#known.keys()].filter((key) => !this.#shown.has(key));
    this.#shown.clear();
    return gone.flatMap((key) => this.#gone(key));
  }

  #put(instance: InstanceView): Result[] {
    const key = textOf(instance);
    if (!instance.available) return this.#gone(key);
    const before = this.#known.get(key);
    const now = entryOf(instance);
    if (before?.version === now.version) {
      this.#known.set(key, bare(now));
      return [{ Action: 'update', Service: now }];
    }
    // Clients keep versions apart: under the old one the node would stay.
    const moved = this.#gone(key);
    this.#known.set(key, bare(now));
    return [...moved, { Action: 'create', Service: now }];
  }

  #gone(key: string): Result[] {
    const before = this.#known.get(key);
    if (before === undefined) return [];
    this.#known.delete(key);
    return [{ Action: 'delete', Service: before }];
  }
}
