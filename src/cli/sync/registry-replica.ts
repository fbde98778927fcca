import type { Client } from '../../client/client';
import type { WatchFrame } from '../../client/frames';
import type { Instance } from '../../client/instance';
import type { RollcallError } from '../../client/rollcall-error';
import type { Watch, WatchStatus } from '../../client/watch';
import { WatchedInstances } from '../watched-instances';

/** How long to wait until a change of one's own is heard of, in milliseconds: without it the next look may do it again. */
const ECHO_WAIT_MS = 5_000;

export interface ReplicaOptions {
  client: Client;
  /** Id of the token that the mirror writes with. */
  owner: string;
  /** Told of changes that somebody else made. */
  onForeign(): void;
  onStatus(status: WatchStatus): void;
}

/** All instances of the namespace that is written to, as they are now. */
export class RegistryReplica {
  /** Resolves once it is complete; rejects where the registry refuses to tell. */
  readonly ready: Promise<void>;
  readonly #options: ReplicaOptions;
  readonly #instances = new WatchedInstances();
  readonly #watch: Watch;
  readonly #waiting = new Set<() => void>();
  #revision = 0;
  #isReady: () => void = () => {};
  #isOver: (error: Error) => void = () => {};

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isOver = reject;
    });
    // Whoever waits for it hears of it; where nobody does any more it is no error of its own.
    this.ready.catch(() => {});
    this.#watch = options.client.watch(
      {},
      {
        onFrame: (frame) => this.#take(frame),
        onStatus: options.onStatus,
        onEnd: (error: RollcallError | undefined) => error !== undefined && this.#isOver(error),
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

  close(): void {
    this.#watch.close();
  }

  #take(frame: WatchFrame): void {
    this.#instances.take(frame);
    // A mirror calls nobody: a drain need not wait for it.
    if (frame.type !== 'reset') this.#watch.acknowledge(frame.cursor);
    if (frame.type === 'snapshot') this.#isReady();
    if (frame.type === 'changes' && frame.actor !== this.#options.owner) this.#options.onForeign();
    if (frame.type !== 'snapshot' && frame.type !== 'changes') return;
    this.#revision = frame.revision;
    for (const waiting of [...this.#waiting]) waiting();
  }
}
