import { entryOf } from '../../codecs/go-micro/node';
import type { Service } from '../../codecs/go-micro/service';
import type { ServerFrame, WatchedChange } from '../../model/frames';
import type { InstanceView } from '../../model/instance';
import type { Result } from './wire';

/** Key of an instance in a namespace. */
interface Key {
  group: string;
  service: string;
  id: string;
}

const textOf = ({ group, service, id }: Key): string => JSON.stringify([group, service, id]);

/** Returns a version of a service with only its name and nodes. */
const bare = ({ name, version, nodes }: Service): Service => ({
  name,
  version,
  metadata: {},
  endpoints: [],
  nodes: nodes.map(({ id, address }) => ({ id, address, metadata: {} })),
});

/**
 * Converts frames of a namespace to events for a go-micro watcher, one for each changed node. Stores the nodes that the
 * watcher knows, with the data that a delete event needs.
 *
 * Only available instances are nodes: a quarantined one is deleted here, and created again when it returns.
 */
export class WatchedNodes {
  readonly #known = new Map<string, Service>();
  /** Nodes in the snapshot so far. When it ends, all other nodes are gone. */
  #shown = new Set<string>();

  /** Returns the events for a frame, in order. */
  resultsOf(frame: ServerFrame): Result[] {
    if (frame.type === 'changes') return frame.changes.flatMap((change) => this.#changed(change));
    if (frame.type !== 'snapshot') return [];
    if ((frame.part ?? 0) === 0) this.#shown = new Set();
    const results = frame.services.flatMap(({ instances }) => instances.flatMap((instance) => this.#shows(instance)));
    return frame.last === false ? results : [...results, ...this.#notShown()];
  }

  #changed(change: WatchedChange): Result[] {
    if (change.kind !== 'instance') return [];
    return change.type === 'put' ? this.#put(change.after) : this.#removed(textOf(change));
  }

  #shows(instance: InstanceView): Result[] {
    this.#shown.add(textOf(instance));
    return this.#put(instance);
  }

  #notShown(): Result[] {
    const removed = [...this.#known.keys()].filter((key) => !this.#shown.has(key));
    this.#shown.clear();
    return removed.flatMap((key) => this.#removed(key));
  }

  #put(instance: InstanceView): Result[] {
    const key = textOf(instance);
    if (!instance.available) return this.#removed(key);
    const before = this.#known.get(key);
    const now = entryOf(instance);
    if (before?.version === now.version) {
      this.#known.set(key, bare(now));
      return [{ Action: 'update', Service: now }];
    }
    // Clients store each version separately, and would keep the node in the old one.
    const moved = this.#removed(key);
    this.#known.set(key, bare(now));
    return [...moved, { Action: 'create', Service: now }];
  }

  #removed(key: string): Result[] {
    const before = this.#known.get(key);
    if (before === undefined) return [];
    this.#known.delete(key);
    return [{ Action: 'delete', Service: before }];
  }
}
