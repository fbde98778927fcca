import type { NacosTarget } from './nacos-bench';
import { connectAll, inFlight, NacosClient, registering, registeringAll } from './nacos-client';

/** Returns the name of a service that all subscribers are subscribed to. */
const serviceOf = (n: number): string => `watched-${String(n).padStart(3, '0')}`;

/** Subscribers, and what they are subscribed to. */
export interface CrowdSize {
  subscribers: number;
  /** Default: one. Changes are made to one after the other. */
  services?: number;
  /** Instances of each service. */
  instances: number;
}

/** Times until the first, the middle and the last subscriber had a change, in milliseconds. */
export interface Delivery {
  firstMs: number;
  medianMs: number;
  lastMs: number;
}

/** Subscribers of one service, and a client that changes it. */
export class Crowd {
  readonly subscribers: readonly NacosClient[];
  readonly #registrants: readonly NacosClient[];
  readonly #change: () => Promise<unknown>;
  #arrivals: number[] = [];
  #arrived: () => void = () => {};

  private constructor(subscribers: NacosClient[], registrants: NacosClient[], change: () => Promise<unknown>) {
    this.subscribers = subscribers;
    this.#registrants = registrants;
    this.#change = change;
    for (const subscriber of subscribers) {
      subscriber.onPush = () => {
        this.#arrivals.push(performance.now());
        if (this.#arrivals.length === this.subscribers.length) this.#arrived();
      };
    }
  }

  /** Opens a crowd at a registry. @throws {Error} If a subscriber is not sent all instances. */
  static async atRegistry({ grpcPort }: NacosTarget, size: CrowdSize): Promise<Crowd> {
    const { subscribers: count, services = 1, instances } = size;
    const [registrant, others] = [await NacosClient.connect(grpcPort), await NacosClient.connect(grpcPort)];
    let changes = 0;
    const change = (): Promise<unknown> => {
      changes += 1;
      return registrant.ask(registering(serviceOf(changes % services), 0, changes));
    };
    for (let n = 0; n < services; n++) {
      await change();
      if (instances > 1) await others.ask(registeringAll(serviceOf(n), 1, instances));
    }
    const subscribers = await connectAll(grpcPort, count);
    await inFlight(50, count * services, async (n) => {
      const answer = await subscribers[n % count]?.subscribe(serviceOf(Math.floor(n / count)));
      const hosts = (answer?.toString().split('"ip"').length ?? 0) - 1;
      if (hosts !== instances) throw new Error(`a subscriber was sent ${hosts} of ${instances} instances`);
    });
    return new Crowd(subscribers, [registrant, others], change);
  }

  /** Opens a crowd at a floor, which sends to all of them the push that the registry has sent. */
  static async atFloor({ grpcPort }: NacosTarget, count: number, pushOf: () => Uint8Array): Promise<Crowd> {
    const writer = await NacosClient.connect(grpcPort);
    const subscribers = await connectAll(grpcPort, count);
    // The writer is sent the push, too.
    return new Crowd(subscribers, [writer], () => writer.broadcast(pushOf()));
  }

  /** Makes a change, and waits until all subscribers have it. */
  async deliver(): Promise<Delivery> {
    this.#arrivals = [];
    const all = new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    const began = performance.now();
    await Promise.all([this.#change(), all]);
    const after = (share: number) => (this.#arrivals[Math.floor(share * (this.#arrivals.length - 1))] ?? 0) - began;
    return { firstMs: after(0), medianMs: after(0.5), lastMs: after(1) };
  }

  /** The last push that a subscriber has received. */
  get pushed(): Uint8Array {
    return this.subscribers[0]?.pushed ?? new Uint8Array();
  }

  leave(): void {
    for (const client of [...this.subscribers, ...this.#registrants]) client.close();
  }
}
