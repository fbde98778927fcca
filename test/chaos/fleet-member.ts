import { type Client, type Registration, rollcall } from '../../src/client/index';
import type { Place } from '../watch-proofs/registry-socket';

/** A period during which a client could rely on its lease, by its own clock; milliseconds since the epoch. */
interface Held {
  from: number;
  to: number | undefined;
}

/** Options of a fleet member. */
export interface MemberOptions {
  id: string;
  service: string;
  transport: 'socket' | 'heartbeat';
  ttlMs: number;
  /** True to keep a list of its service besides its registration. */
  watches: boolean;
}

/**
 * One process of the fleet: a client that registers one instance, changes it from time to time, and may watch its service.
 */
export class FleetMember {
  readonly id: string;
  readonly service: string;
  readonly held: Held[] = [];
  /** Generation of its instance. The registry has it once a change was acknowledged. */
  generation = 0;
  /** Generations by id, as its watch reported them; undefined if it doesn't watch. */
  readonly list: Map<string, number> | undefined;
  readonly #client: Client;
  readonly #options: MemberOptions;
  #registration: Registration | undefined;
  /** Sequence of changes, each starting after the one before it. */
  #changes: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(place: Place, options: MemberOptions) {
    this.id = options.id;
    this.service = options.service;
    this.#options = options;
    this.#client = rollcall({ url: place.url, token: place.rootToken });
    if (!options.watches) return;
    const list = new Map<string, number>();
    this.list = list;
    this.#watch(list);
  }

  get isHeld(): boolean {
    return this.#registration?.isHeld ?? false;
  }

  /** Registers. Never rejects: it waits for a registry that is unavailable. */
  join(): void {
    const { id, service, transport, ttlMs } = this.#options;
    const instance = { id, service, address: '127.0.0.1', port: 80, lease: { ttlMs }, metadata: this.#metadata() };
    const onEvent = ({ type }: { type: string }) => {
      if (type === 'trouble') return;
      this.#endHold();
      if (type === 'lost') return;
      this.held.push({ from: Date.now(), to: undefined });
      // If this process stood still, the answer may arrive after its lease has ended by its own clock.
      if (this.#registration?.isHeld === false) this.#endHold();
    };
    this.#then(async () => {
      const registration = await this.#client.register(instance, { transport, onEvent });
      this.#registration = registration;
      if (!registration.isHeld) this.#endHold();
    });
  }

  /** Changes its instance. */
  change(): void {
    this.generation += 1;
    const metadata = this.#metadata();
    this.#then(async () => this.#registration?.update({ metadata }));
  }

  /** Leaves like a process that is stopped properly, and returns as a new one with the same id. */
  restart(): void {
    this.#then(async () => {
      this.#endHold();
      await this.#registration?.release();
      this.#registration = undefined;
    });
    this.generation += 1;
    this.join();
  }

  /** Number of pending changes. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when there are no pending changes. */
  settled(): Promise<unknown> {
    return this.#changes;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** Reports whether it could rely on its lease at `time`, and for `slackMs` after it. */
  heldAt(time: number, slackMs: number): boolean {
    return this.held.some(({ from, to }) => from <= time && (to === undefined || to > time + slackMs));
  }

  #metadata(): Record<string, string> {
    return { generation: String(this.generation) };
  }

  #endHold(): void {
    const last = this.held.at(-1);
    if (last !== undefined) last.to ??= Date.now();
  }

  #then(act: () => Promise<unknown>): void {
    this.#waiting += 1;
    this.#changes = this.#changes.then(act).finally(() => {
      this.#waiting -= 1;
    });
  }

  #watch(list: Map<string, number>): void {
    const set = (id: string, metadata: Record<string, string>) => list.set(id, Number(metadata.generation));
    this.#client.watch(
      { services: [this.service] },
      {
        onFrame: (frame) => {
          if (frame.type === 'reset' || frame.type === 'snapshot') list.clear();
          if (frame.type === 'snapshot') {
            for (const { instances } of frame.services) for (const { id, metadata } of instances) set(id, metadata);
          }
          if (frame.type !== 'changes') return;
          for (const change of frame.changes) {
            if (change.kind !== 'instance') continue;
            if (change.type === 'put') set(change.id, change.after.metadata);
            else list.delete(change.id);
          }
        },
      },
    );
  }
}
