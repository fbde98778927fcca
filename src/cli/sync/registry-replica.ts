import type { Client } from '../../client/client';
import type { Watch } from '../../client/watch/watch';
import type { WatchFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';
import { WatchedInstances } from '../connection/watched-instances';

/** How long to wait until a change of one's own is heard of, in milliseconds: without it the next look may do it again. */
const ECHO_WAIT_MS = 5_000;

/** All instances of the namespace that is written to, as they are now. */
export class RegistryReplica {
  /** Resolves once it is complete; rejects where the registry refuses to tell. */
  readonly ready: Promise<void>;
  /** Told of changes that somebody else made. */
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

  /** Waits until a change of one's own is among the instances; not for ever. */
  async heard(revision: number): Promise<void> {
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
    // A mirror calls nobody: a drain need not wait for it.
    if (frame.type !== 'reset') this.#watch.acknowledge(frame.cursor);
    if (frame.type === 'snapshot') this.#isReady();
    if (frame.type === 'changes' && frame.actor !== this.#owner) this.onForeign();
    if (frame.type !== 'snapshot' && frame.type !== 'changes') return;
    this.#revision = frame.revision;
    for (const waiting of [...this.#waiting]) waiting();
  }
}
