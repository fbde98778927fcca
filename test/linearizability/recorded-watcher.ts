import { setTimeout as sleep } from 'node:timers/promises';
import { WatchScope } from '../../src/model/frames';
import type { SeededRandom } from '../simulation/seeded-random';
import { type Link, received, revisionOf, type StreamHistory } from '../watch/histories/stream-history';
import { type Place, RegistrySocket, type StreamFrame } from '../watch-proofs/registry-socket';
import { until } from '../watch-proofs/until';
import { monotonicNow } from './recorder';

/** Only the registry knows what was durable when a frame left; nothing is compacted in so short a time. */
const SENT = { at: 0, durable: Number.POSITIVE_INFINITY, compacted: 0 };

/** All faults have ended by then, but the machine may be busy. */
const SETTLED_WITHIN_MS = 120_000;

/** A scope as clients send it. */
interface WatchedScope {
  services: string[];
  keys?: { prefix: string }[];
}

/** Watches over sockets that break, resumes from its cursor each time, and records all frames. */
export class RecordedWatcher {
  readonly history: StreamHistory;
  readonly #place: Place;
  readonly #random: SeededRandom;
  readonly #scope: WatchedScope;
  #socket: RegistrySocket | undefined;
  #cursor: string | undefined;
  #isPatient = false;

  /** @param scope Watched services and keys; none for all services of the namespace. */
  constructor(name: string, place: Place, random: SeededRandom, scope: WatchedScope) {
    this.#place = place;
    this.#random = random;
    this.#scope = scope;
    this.history = {
      name,
      scope: WatchScope.parse(scope),
      previous: scope.keys !== undefined,
      isEager: false,
      base: undefined,
      links: [],
      settledAt: 0,
    };
  }

  /** Watches until the signal is aborted. */
  async work(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const socket = await RegistrySocket.open(this.#place, this.history.name).catch(() => undefined);
      if (socket !== undefined) await this.#watch(socket, stop);
      await sleep(this.#random.magnitude(10, 1_000));
    }
  }

  /** Keeps its socket from now on. Resolves when it has received everything up to a revision. */
  async settle(revision: number): Promise<void> {
    this.#isPatient = true;
    this.history.settledAt = revision;
    const isCaughtUp = () => {
      this.#socket?.ask({ type: 'sync', watch: 'w' }).catch(() => {});
      return revisionOf(this.#cursor) >= revision;
    };
    await until(`${this.history.name} receives revision ${revision}`, isCaughtUp, SETTLED_WITHIN_MS);
  }

  async #watch(socket: RegistrySocket, stop: AbortSignal): Promise<void> {
    const link: Link = { cursor: this.#cursor, openedAt: monotonicNow(), syncs: [], received: [] };
    this.history.links.push(link);
    socket.onFrame = (frame, size) => {
      socket.send({ type: 'credit', bytes: size });
      this.#take(link, frame);
    };
    const isClosed = socket.closed.then(({ code }) => {
      // Ignores closes after the end of a history, whose last socket stays open.
      if (!stop.aborted) Object.assign(link, { closedAt: monotonicNow(), closedWith: code });
    });
    this.#socket = socket;
    const { previous } = this.history;
    socket
      .ask({ type: 'watch', watch: 'w', scope: this.#scope, cursor: this.#cursor, previous })
      .catch(() => socket.destroy());
    const life = sleep(this.#random.magnitude(300, 10_000));
    await Promise.race([isClosed, life]);
    while (this.#isPatient && !stop.aborted && link.closedAt === undefined) await Promise.race([isClosed, sleep(50)]);
    if (stop.aborted) socket.onFrame = () => {};
    this.#socket = undefined;
    socket.destroy();
    await isClosed;
  }

  #take(link: Link, frame: StreamFrame): void {
    const recorded = received(frame, monotonicNow(), SENT);
    if (recorded === undefined) return;
    link.received.push(recorded);
    if (recorded.type === 'reset') this.#cursor = undefined;
    else if (recorded.type === 'bookmark' || recorded.last) this.#cursor = recorded.cursor;
  }
}
