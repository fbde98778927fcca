import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrainReport } from '../../src/model/queries';
import { Follower } from './follower';
import { call, instancePath, put } from './registry-calls';
import type { Place } from './registry-socket';

export const SERVICE = 'checkout';

/** One instance of the service: a server that ends when its drain is answered, and counts later requests. */
export class FleetInstance {
  readonly id: string;
  served = 0;
  /** Number of requests after the drain was answered. */
  late = 0;
  readonly #server: Server;
  readonly #place: Place;
  #isDrained = false;

  private constructor(place: Place, id: string) {
    this.#place = place;
    this.id = id;
    this.#server = createServer((_, response) => {
      if (this.#isDrained) this.late += 1;
      this.served += 1;
      // Requests take some time, so that some are always pending.
      setTimeout(() => response.end(id), Math.random() * 10);
    });
  }

  static async start(place: Place, id: string): Promise<FleetInstance> {
    const instance = new FleetInstance(place, id);
    await new Promise<void>((resolve) => instance.#server.listen(0, '127.0.0.1', resolve));
    const { port } = instance.#server.address() as AddressInfo; // `as`: it listens on TCP
    await put(place, SERVICE, id, port);
    return instance;
  }

  /** Drains, keeps its port for a while to count late requests, and ends. */
  async leave(): Promise<DrainReport> {
    const report = await call<DrainReport>(this.#place, 'POST', `${instancePath(SERVICE, this.id)}/drain?wait=10s`);
    this.#isDrained = true;
    await sleep(100);
    this.stop();
    return report;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** When a resolver acknowledges: once it has no requests to removed instances, or too early. */
export type Manner = 'when done' | 'too early';

/** A client of the service: watches its list, and calls the listed instances in turn. */
export class Resolver {
  readonly failures: string[] = [];
  answered = 0;
  readonly follower: Follower;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #underWay = new Map<string, Set<Promise<void>>>();
  #list: { id: string; port: number }[] = [];
  #turn = 0;

  constructor(place: Place, subscriber: string, manner: Manner) {
    this.follower = new Follower({
      place,
      subscriber,
      services: [SERVICE],
      applied: async (cursor) => {
        if (manner === 'too early') {
          setTimeout(() => this.#takeList(), 300);
          return cursor;
        }
        // Applying a list takes time: a drain that did not wait for it would be detected.
        await sleep(Math.random() * 100);
        const gone = this.#takeList();
        await Promise.all(gone.flatMap((id) => [...(this.#underWay.get(id) ?? [])]));
        return cursor;
      },
    });
  }

  get size(): number {
    return this.#list.length;
  }

  /** Sends a request to the next listed instance. */
  send(): void {
    const target = this.#list[this.#turn++ % Math.max(1, this.#list.length)];
    if (target === undefined) {
      this.failures.push('the list is empty');
      return;
    }
    const underWay = this.#underWay.get(target.id) ?? new Set();
    this.#underWay.set(target.id, underWay);
    const answered = this.#call(target).catch((error: unknown) => {
      this.failures.push(`${target.id}: ${error}`);
    });
    underWay.add(answered);
    void answered.finally(() => underWay.delete(answered));
  }

  stop(): void {
    this.follower.stop();
    this.#agent.destroy();
  }

  /** Updates the list from the replica. @returns Ids that are no longer listed. */
  #takeList(): string[] {
    const before = this.#list;
    this.#list = [...this.follower.replica.instances.values()].flatMap(({ view: { id, port, available } }) =>
      available && port !== undefined ? [{ id, port }] : [],
    );
    const now = new Set(this.#list.map(({ id }) => id));
    return before.map(({ id }) => id).filter((id) => !now.has(id));
  }

  #call({ id, port }: { id: string; port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, agent: this.#agent, timeout: 20_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('close', () => {
          if (text !== id) reject(new Error(`was answered "${text}"`));
          this.answered += 1;
          resolve();
        });
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', reject);
      sent.end();
    });
  }
}
