import type { ChangesFrame, WatchFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';

/** A change of an instance, to show to people. */
export interface InstanceEvent {
  at: string;
  cause: string;
  actor: string;
  /** State after the change; for a removal, the last state. */
  instance: Instance;
  isGone: boolean;
}

const keyOf = ({ group, service, id }: { group: string; service: string; id: string }): string =>
  JSON.stringify([group, service, id]);

/** Current instances of a watch. */
export class WatchedInstances {
  readonly #instances = new Map<string, Instance>();

  /** Instances, sorted by service, then by id. */
  get list(): Instance[] {
    return [...this.#instances.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, instance]) => instance);
  }

  /** Applies a frame, and returns its changes of instances; none for a snapshot. */
  take(frame: WatchFrame): InstanceEvent[] {
    switch (frame.type) {
      case 'snapshot':
        this.#instances.clear();
        for (const instance of frame.services.flatMap(({ instances }) => instances)) {
          this.#instances.set(keyOf(instance), instance);
        }
        return [];
      case 'changes':
        return this.#changes(frame);
      default:
        return [];
    }
  }

  #changes({ at, cause, actor, changes }: ChangesFrame): InstanceEvent[] {
    return changes.flatMap((change): InstanceEvent[] => {
      if (change.kind !== 'instance') return [];
      const key = keyOf(change);
      const before = this.#instances.get(key);
      if (change.type === 'put') {
        this.#instances.set(key, change.after);
        return [{ at, cause, actor, instance: change.after, isGone: false }];
      }
      this.#instances.delete(key);
      return before === undefined ? [] : [{ at, cause, actor, instance: before, isGone: true }];
    });
  }
}
