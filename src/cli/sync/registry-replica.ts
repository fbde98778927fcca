import type { Client } from '../../client/client';
import type { Watch } from '../../client/watch/watch';
import type { WatchFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';
import { WatchedInstances } from '../connection/watched-instances';

/** Time to wait until the watch delivers our own change, in milliseconds; without it the next round might repeat it. */
const ECHO_WAIT_MS = 5_000;

/** Replica of all instances of the target namespace. */
export class RegistryReplica {
  /** Resolves once it is complete; rejects if the registry refuses the watch. */
  readonly ready: Promise<void>;
  /** Called after changes by other tokens. */
  onForeign: () => void = () => {};
  readonly #owner: string;
  readonly #instances = new WatchedInstances();
  readonly #watch: Watch;
  readonly #waiting = new Set<() => void>();
  #revision = 0;
  #isReady: () => void = () => {};
  #isOver: (error: Error) => void = () => {};

  /** @param owner Id of the token that the mirror writes with. */
  constructor(client: Client, owner: string) {
    this.#owner = owner;
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isOver = reject;
    });
    this.#watch = client.watch(
      {},
      {
        onFrame: (frame) => this.#take(frame),
        onEnd: (error) => error !== undefined && this.#isOver(error),
      },
    );
  }

  get instances(): Instance[] {
    return this.#instances.list;
  }

  /** Waits until the replica has a revision, up to a timeout. */
  async reached(revision: number): Promise<void> {
    if (this.#revision >= revision) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        if (this.#revision < revision) return;
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(end);
        resolve();
      }, ECHO_WAIT_MS);
      this.#waiting.add(end);
    });
  }

  #take(frame: WatchFrame): void {
    this.#instances.take(frame);
    // A mirror makes no calls to instances, so drains need not wait for it.
    if (frame.type !== 'reset') this.#watch.acknowledge(frame.cursor);
    if (frame.type === 'snapshot') this.#isReady();
    if (frame.type === 'changes' && frame.actor !== this.#owner) this.onForeign();
    if (frame.type !== 'snapshot' && frame.type !== 'changes') return;
    this.#revision = frame.revision;
    for (const waiting of [...this.#waiting]) waiting();
  }
}
