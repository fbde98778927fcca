import { OVER, type SessionOpened } from '../../client/session/session';
import type { InstanceDefinition } from '../../client/wire/registration';
import { RollcallError } from '../../client/wire/rollcall-error';
import type { LinkUser, SocketLink } from '../../client/wire/socket-link';
import type { InstanceKey } from '../../model/batch';
import { type Deferred, deferred } from '../../model/deferred';

/** An instance as a session registers it, with all of its names. */
export type SessionInstance = InstanceKey & Omit<InstanceDefinition, keyof InstanceKey | 'lease' | 'incarnation'>;

/** Receives the events of a session. */
export interface SessionListener {
  /** The registry has these instances again, after their session was lost. */
  registeredAgain(instances: readonly SessionInstance[]): void;
}

/**
 * Instances in one frame, which are registered in one revision: with the longest metadata, they stay below the size limit of a
 * frame.
 */
const BATCH_COUNT = 250;

/** Pause after a refusal that may not last, such as that of a rate. */
const PASSING_PAUSE_MS = 1_000;

/** Name of an instance in a namespace. */
export const nameOf = ({ group, service, id }: InstanceKey): string => `${group}\n${service}\n${id}`;

/**
 * A session of the namespace, which holds the instances of one Nacos client. Unlike the SDK's session, which reaches a state that
 * a program wants, it makes a change as a whole or not at all, and reports which.
 *
 * If the socket breaks, the session is resumed on the next one; if it has expired, all of its instances are registered again.
 */
export class InstanceSession implements LinkUser {
  readonly #link: SocketLink;
  readonly #listener: SessionListener;
  /** Instances that the session holds, or is to hold, by name. */
  readonly #instances = new Map<string, SessionInstance>();
  /** Names of instances that the registry may have otherwise, or may not have. */
  readonly #unsure = new Set<string>();
  /** Instances that were removed, of which the registry may not know. */
  readonly #leaving = new Map<string, InstanceKey>();
  /** Secret: it is enough to resume the session. */
  #id: string | undefined;
  /** Number of the link's socket that holds the session. */
  #heldBy = 0;
  #hasJoined = false;
  #isOpening = false;
  #isFlushing = false;
  #isOver = false;
  /** Settled when the session is open and the registry has all of its instances; another one after each break. */
  #ready: Deferred<void> = deferred();
  #isReady = false;

  constructor(link: SocketLink, listener: SessionListener) {
    this.#link = link;
    this.#listener = listener;
  }

  /** Opens the session. @throws {RollcallError} The refusal of the registry. */
  opened(): Promise<void> {
    const { promise } = this.#ready;
    if (!this.#hasJoined) {
      this.#hasJoined = true;
      this.#link.join(this);
    } else if (this.#link.isOpen && !this.#isReady) {
      // It was refused on this socket before.
      this.up();
    }
    return promise;
  }

  /**
   * Registers instances and removes others, in one revision for every {@link BATCH_COUNT} of them. If it fails, all is as before,
   * unless the outcome is unknown: then the change is made once the registry answers again.
   *
   * @throws {RollcallError} The refusal of the registry; `UNREACHABLE` if the outcome is unknown.
   */
  async change(put: readonly SessionInstance[], removed: readonly InstanceKey[]): Promise<void> {
    const operations = operationsOf(put, removed);
    const undo: object[] = [];
    for (let begin = 0; begin < operations.length; begin += BATCH_COUNT) {
      const batch = operations.slice(begin, begin + BATCH_COUNT);
      try {
        await this.#ask(batch);
      } catch (error) {
        const reason = RollcallError.from(error, 'not changed');
        if (reason.code === 'UNREACHABLE') this.#noteUnsure(put, removed);
        else if (undo.length > 0) await this.#ask(undo).catch(() => {});
        throw reason;
      }
      undo.push(...batch.map((operation) => this.#inverseOf(operation)));
    }
    for (const key of removed) this.#forget(nameOf(key));
    for (const instance of put) {
      const name = nameOf(instance);
      this.#forget(name);
      this.#instances.set(name, instance);
    }
  }

  /** Forgets an instance, without telling the registry. */
  forget(key: InstanceKey): void {
    this.#forget(nameOf(key));
  }

  /** Registers an instance that it has again, because another session has held it since. */
  reclaim(key: InstanceKey): void {
    const name = nameOf(key);
    if (!this.#instances.has(name)) return;
    this.#unsure.add(name);
    if (this.#isReady) void this.#flush();
  }

  /** Ends its use of the socket. Whether the session ends with that is for the owner of the socket to say. */
  end(): void {
    this.#isOver = true;
    this.#isReady = false;
    this.#ready.reject(new RollcallError('UNREACHABLE', 'the client has left'));
    this.#instances.clear();
    this.#unsure.clear();
    this.#leaving.clear();
    this.#link.leave(this);
  }

  up(): void {
    if (this.#isOver || this.#isOpening) return;
    if (this.#heldBy === this.#link.sockets) void this.#flush();
    else void this.#open();
  }

  down(error: RollcallError, code: number): void {
    this.#heldBy = 0;
    if (OVER.includes(code)) this.#lose();
    this.#notReady(error);
  }

  #notReady(error: RollcallError): void {
    // Requests that wait for the next socket go on waiting, unless it would be refused, too.
    if (this.#isReady) this.#ready = deferred();
    else if (!error.isPassing) {
      this.#ready.reject(error);
      this.#ready = deferred();
    }
    this.#isReady = false;
  }

  /** Notes that the session is over, with all of its instances. */
  #lose(): void {
    this.#id = undefined;
    for (const name of this.#instances.keys()) this.#unsure.add(name);
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    const socket = this.#link.sockets;
    try {
      const request = { type: 'session', session: this.#id };
      const { session, resumed, pingIntervalMs, reconnectWithinMs } = await this.#link.ask<SessionOpened>(request);
      if (!resumed) this.#lose();
      this.#id = session;
      this.#link.pingIntervalMs = pingIntervalMs;
      this.#link.backOff.spreadMs = reconnectWithinMs;
      this.#heldBy = socket;
    } catch (error) {
      const reason = RollcallError.from(error, 'the session did not open');
      this.#isOpening = false;
      // A broken socket is reported by `down`. One that serves subscriptions is not closed for what the token may not do.
      if (reason.code === 'UNREACHABLE') return;
      this.#notReady(reason);
      if (reason.isPassing) this.#link.reopen(reason.message);
      return;
    }
    this.#isOpening = false;
    // The socket may have been replaced meanwhile.
    if (this.#isOver) return;
    if (socket !== this.#link.sockets) this.up();
    else {
      // From now on at the interval of the session.
      this.#link.ping();
      await this.#flush();
    }
  }

  /** Makes what the registry has certain, a batch at a time. */
  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      let most = BATCH_COUNT;
      while (this.#heldBy === this.#link.sockets && !this.#isOver) {
        const leaving = [...this.#leaving.values()].slice(0, most);
        const unsure = [...this.#unsure].slice(0, most - leaving.length);
        if (leaving.length + unsure.length === 0) break;
        const put = unsure.flatMap((name) => this.#instances.get(name) ?? []);
        const refusal = await this.#makeCertain(put, leaving);
        if (refusal === 'broken') return;
        if (refusal?.isPassing) {
          this.#link.time.after(PASSING_PAUSE_MS, () => void this.#flush());
          return;
        }
        if (refusal !== undefined && leaving.length + put.length > 1) {
          // One of them fails all: one at a time from now on.
          most = 1;
          continue;
        }
        for (const key of leaving) this.#leaving.delete(nameOf(key));
        for (const name of unsure) {
          this.#unsure.delete(name);
          // The token may have lost its permission, or the service may be full.
          if (refusal !== undefined) this.#instances.delete(name);
        }
        if (refusal === undefined && put.length > 0) this.#listener.registeredAgain(put);
      }
    } finally {
      this.#isFlushing = false;
    }
    if (this.#heldBy !== this.#link.sockets || this.#isOver) return;
    this.#isReady = true;
    this.#ready.resolve();
  }

  /** @returns The refusal; `broken` if the socket is. */
  async #makeCertain(
    put: readonly SessionInstance[],
    leaving: readonly InstanceKey[],
  ): Promise<RollcallError | 'broken' | undefined> {
    try {
      await this.#ask(operationsOf(put, leaving));
      return undefined;
    } catch (error) {
      const reason = RollcallError.from(error, 'not registered');
      return reason.code === 'UNREACHABLE' ? 'broken' : reason;
    }
  }

  #ask(operations: readonly object[]): Promise<unknown> {
    return this.#link.ask({ type: 'batch', operations });
  }

  /** Notes a change that may or may not have been made: it is made again. */
  #noteUnsure(put: readonly SessionInstance[], removed: readonly InstanceKey[]): void {
    if (this.#isOver) return;
    for (const key of removed) {
      this.#forget(nameOf(key));
      this.#leaving.set(nameOf(key), key);
    }
    for (const instance of put) {
      const name = nameOf(instance);
      this.#instances.set(name, instance);
      this.#unsure.add(name);
      this.#leaving.delete(name);
    }
  }

  #forget(name: string): void {
    this.#instances.delete(name);
    this.#unsure.delete(name);
    this.#leaving.delete(name);
  }

  /** Returns the operation that takes another one back. */
  #inverseOf(operation: InstanceKey & { op: string }): object {
    const before = this.#instances.get(nameOf(operation));
    if (before !== undefined) return { op: 'register', ...before };
    const { group, service, id } = operation;
    return { op: 'deregister', group, service, id };
  }
}

/** Returns the operations of a batch that removes instances and registers others. */
const operationsOf = (put: readonly SessionInstance[], removed: readonly InstanceKey[]) => [
  ...removed.map((key) => ({ op: 'deregister', ...key })),
  ...put.map((instance) => ({ op: 'register', ...instance })),
];
