import type { Watch, WatchOptions, WatchScope } from '../watch/watch';
import type { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import { availableOf, type InstanceFilter } from './available';
import type { FetchOptions, ResolverRequestInit } from './balanced-fetch';
import { Balancer, type Picker, RetryBudget } from './balancer';
import { type Endpoint, EndpointList } from './endpoint';
import { type EjectionOptions, OutlierEjection } from './outlier-ejection';
import { powerOfTwo } from './power-of-two';
import type { Selector } from './selector';
import { type FeedReader, ServiceFeed, type SnapshotStore } from './service-feed';

export interface ResolverOptions extends FetchOptions {
  /** Only these instances; all without it. */
  filter?: InstanceFilter | undefined;
  /** Who gets the next call. Default: {@link powerOfTwo}. Others are in `rollcall/client/selectors`. */
  selector?: Selector | undefined;
  /** When instances that fail are left alone; false: never. */
  ejection?: EjectionOptions | false | undefined;
  /** Calls go to the port of this name, instead of to the url or to address and port. */
  port?: string | undefined;
  /** Keeps the list over restarts. Of several resolvers of one service, the first one's counts. */
  snapshot?: SnapshotStore | undefined;
}

/**
 * Who answers for a service, at hand: a list that one watch keeps fresh, read without waiting. While the registry can't
 * be reached it stays as it was last known.
 */
export class ServiceResolver implements AsyncDisposable {
  /** As it was asked for. */
  readonly service: string;
  readonly #feed: ServiceFeed;
  readonly #balancer: Balancer;
  readonly #options: ResolverOptions;
  readonly #budget = new RetryBudget();
  readonly #time: Time;
  readonly #reader: FeedReader;
  readonly #release: () => void;
  readonly #listeners = new Set<(endpoints: readonly Endpoint[]) => void>();
  readonly #list: EndpointList;
  #isProtected = false;
  /** Those who left while a call to them was under way. */
  readonly #leaving = new Set<Endpoint>();

  /** @param release Called once, when it is closed. Made by `resolver()`. */
  constructor(service: string, options: ResolverOptions, feed: ServiceFeed, time: Time, release: () => void) {
    const { selector = powerOfTwo(), ejection } = options;
    this.service = service;
    this.#options = options;
    this.#feed = feed;
    this.#time = time;
    this.#release = release;
    this.#list = new EndpointList(options.port);
    this.#balancer = new Balancer({
      selector,
      ejection: ejection === false ? undefined : new OutlierEjection(ejection),
      time,
      onIdle: (endpoint) => {
        if (this.#leaving.delete(endpoint)) feed.settle();
      },
    });
    this.#reader = { update: () => this.#update(), isSettled: () => this.#leaving.size === 0 };
    feed.join(this.#reader);
  }

  /**
   * Resolves once there is a list: from the registry, or from the snapshot of an earlier run.
   *
   * @throws {RollcallError} Where the registry refuses, or the resolver is closed before.
   */
  get ready(): Promise<void> {
    return this.#feed.ready;
  }

  /** Those that take traffic now, ordered by id: a new array whenever it changed. Ejected ones are among them. */
  get endpoints(): readonly Endpoint[] {
    return this.#balancer.endpoints;
  }

  /** True where so few are healthy that health is not asked for: the service's `protectThreshold`. */
  get isProtected(): boolean {
    return this.#isProtected;
  }

  /** Whether the registry is heard at this moment; where it is not, the list may be out of date. */
  get isConnected(): boolean {
    return this.#feed.isConnected;
  }

  /** How long ago the list was last known to be right, in milliseconds: 0 while connected, infinite before the first. */
  get age(): number {
    return this.#feed.age;
  }

  /** Why the list will not be kept fresh any more, such as a token that was revoked; undefined while it is. */
  get error(): RollcallError | undefined {
    return this.#feed.error;
  }

  /**
   * Somebody to call; undefined where there is nobody. Nothing is remembered of it: to have latency and failures
   * counted, use {@link picker} or {@link fetch}.
   *
   * @param key What the call is about, for selectors that go by it.
   */
  pick(key?: string): Endpoint | undefined {
    return this.#balancer.pick(key);
  }

  /** Begins a call that is tried on one instance after the other: each `next()` is somebody else, to be ended once. */
  picker(key?: string): Picker {
    return this.#balancer.picker(key);
  }

  /**
   * `fetch` on one of the instances. Tries another one where the first can't be reached or answers 502, 503 or 504, if
   * the request can be repeated: its method is idempotent or it has an `Idempotency-Key`, its body is no stream, and the
   * retry budget has something left.
   *
   * @param input Path and query. Of a `URL` or `Request`, host and port are replaced.
   * @throws {RollcallError} `UNAVAILABLE` where nobody answered; it says who was tried and why it failed.
   * @throws The signal's reason where the caller's signal was aborted.
   */
  async fetch(input: string | URL | Request, init: ResolverRequestInit = {}): Promise<Response> {
    // Those who only pick do without it.
    const { balancedFetch } = await import('./balanced-fetch');
    const ready = this.#feed.hasList ? undefined : this.ready;
    const parts = { service: this.service, ready, balancer: this.#balancer, budget: this.#budget, time: this.#time };
    return balancedFetch(parts, this.#options, input, init);
  }

  /** Told of each new list; returns what ends that. */
  subscribe(listener: (endpoints: readonly Endpoint[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets go of the watch; the last resolver of a service ends it. The list stays as it is. */
  close(): void {
    this.#feed.leave(this.#reader);
    this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #update(): void {
    const { filter } = this.#options;
    const { instances, isProtected } = availableOf(this.#feed.instances.values(), filter, this.#feed.protectThreshold);
    const { endpoints, left } = this.#list.update(instances);
    for (const endpoint of left) if (this.#balancer.isBusy(endpoint)) this.#leaving.add(endpoint);
    this.#isProtected = isProtected;
    this.#balancer.endpoints = endpoints;
    for (const listener of this.#listeners) this.#tell(listener);
  }

  /** A listener's mistake is its own: the list and its acknowledgement go on. */
  #tell(listener: (endpoints: readonly Endpoint[]) => void): void {
    try {
      listener(this.endpoints);
    } catch (error) {
      console.error('rollcall: a listener of a resolver threw', error);
    }
  }
}

type Watching = (scope: WatchScope, options: WatchOptions) => Watch;

/** The resolvers of one client: those of one service share one watch, which lives as long as one of them does. */
export class Resolvers {
  readonly #watch: Watching;
  readonly #time: Time;
  readonly #feeds = new Map<string, { feed: ServiceFeed; users: number }>();

  /** @param watch Begins a watch. */
  constructor(watch: Watching, time: Time) {
    this.#watch = watch;
    this.#time = time;
  }

  /** @param service `orders` in the default group, or `group@@orders`. */
  open(service: string, options: ResolverOptions = {}): ServiceResolver {
    const name = service.includes('@@') ? service : `DEFAULT_GROUP@@${service}`;
    const known = this.#feeds.get(name);
    // One that the registry has refused tells nothing any more; another attempt may be better.
    const shared = known && known.feed.error === undefined ? known : { feed: this.#begin(name), users: 0 };
    shared.feed.keepIn(options.snapshot);
    shared.users += 1;
    this.#feeds.set(name, shared);
    let isOpen = true;
    return new ServiceResolver(service, options, shared.feed, this.#time, () => {
      if (!isOpen) return;
      isOpen = false;
      shared.users -= 1;
      if (shared.users > 0) return;
      if (this.#feeds.get(name) === shared) this.#feeds.delete(name);
      shared.feed.close();
    });
  }

  #begin(service: string): ServiceFeed {
    const watch = (options: WatchOptions) => this.#watch({ services: [service] }, options);
    return new ServiceFeed({ service, watch, time: this.#time });
  }
}
