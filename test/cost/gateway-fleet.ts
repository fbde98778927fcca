import { RollcallError } from '../../src/client/wire/rollcall-error';
import { SocketLink, type SocketOpener } from '../../src/client/wire/socket-link';
import type { Time } from '../../src/client/wire/time';
import { Attachment, type SharedState } from '../../src/gateway/nacos/attachment';
import { InstanceHolders } from '../../src/gateway/nacos/instance-holders';
import type { NacosCalls } from '../../src/gateway/nacos/nacos-clients';
import { Replicas } from '../../src/gateway/nacos/replica';
import { ServiceListing } from '../../src/gateway/nacos/service-listing';
import { ServiceNames } from '../../src/gateway/nacos/service-names';
import type { HandSocket } from '../fixtures/hand-sockets';
import { settle, VirtualTime } from '../simulation/virtual-time';
import { MeteredNamespace, type ObjectCost } from './metered-namespace';

/** Time between two of its steps, within which its clients act at the same moment. */
const STEP_MS = 15;

/** Calls over HTTP, of which clients that only register and subscribe make none. */
const NO_CALLS = new Proxy({} as NacosCalls, {
  get: (_, name) => {
    throw new RollcallError('INTERNAL', `the call ${String(name)} was not expected`);
  },
});

/** The connections of Nacos' clients in a gateway, in front of one namespace, with the messages that it sends counted. */
export class GatewayFleet {
  readonly metered = new MeteredNamespace();
  /** Messages to the object, with pings. */
  messages = 0;
  /** Lists that clients were pushed. */
  pushes = 0;
  readonly #virtual = new VirtualTime();
  readonly #begin = this.metered.namespace.platform.clock.now();
  readonly #sockets = new Map<HandSocket, (text: string) => void>();
  readonly #shared: SharedState = {
    services: new Replicas(() => new ServiceListing()),
    names: new Replicas(() => new ServiceNames()),
    holders: new InstanceHolders(),
  };
  readonly #time: Time = {
    now: () => this.#virtual.now,
    wallClock: () => this.#begin + this.#virtual.now,
    random: () => this.metered.namespace.platform.random.fraction(),
    after: (ms, act) => {
      const { cancel } = this.#virtual.after(ms, act);
      return cancel;
    },
  };
  #last: Promise<void> = Promise.resolve();

  /** Returns the connection of a client, which acknowledges pushes at once. */
  connect(subscriber: string): Attachment {
    const link = () => new SocketLink(this.#opener, 'https://registry.example', this.#time);
    return new Attachment({ namespace: 'public', calls: NO_CALLS, link }, subscriber, this.#shared, {
      push: (push) => {
        this.pushes += 1;
        queueMicrotask(() => push.acknowledged?.());
      },
      lost: () => {
        throw new Error(`${subscriber} has lost its permission`);
      },
      failed: (error) => {
        throw error;
      },
    });
  }

  /** Waits until all that clients have sent was answered. */
  async idle(): Promise<void> {
    for (let last: unknown; last !== this.#last; ) {
      last = this.#last;
      await last;
      await settle();
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.#virtual.now + ms;
    while (this.#virtual.now < end) {
      const next = Math.min(end, this.#virtual.now + STEP_MS);
      await this.metered.passUntil(this.#begin + next);
      await this.#virtual.runUntil(next);
      await this.idle();
    }
  }

  cost(): Promise<ObjectCost> {
    return this.metered.cost(this.messages);
  }

  readonly #opener: SocketOpener = async (listener) => {
    const socket = this.metered.namespace.platform.connections.open();
    this.#sockets.set(socket, listener.message);
    return {
      send: (text: string) => {
        this.messages += 1;
        if (text === 'ping') {
          // The platform answers, so this is not an event.
          socket.pingedAt = this.metered.namespace.platform.clock.now();
          queueMicrotask(() => listener.message('pong'));
        } else this.#last = this.#last.then(() => this.#receive(socket, text));
      },
      close: () => {},
    };
  };

  async #receive(socket: HandSocket, text: string): Promise<void> {
    const { metered } = this;
    await metered.event(() => {
      const { registry, platform } = metered.namespace;
      return registry.receive(platform.connections.connectionOf(socket), text);
    });
    await settle();
    for (const [each, message] of this.#sockets) for (const received of each.takeTexts()) message(received);
  }
}
