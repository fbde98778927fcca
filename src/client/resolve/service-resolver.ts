import type { Watch, WatchOptions, WatchScope } from '../watch/watch';
import type { AsyncDisposal } from '../wire/async-disposal';
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
  /** Restricts the instances; default: all. */
  filter?: InstanceFilter | undefined;
  /** Selects the instance for a call. Default: {@link powerOfTwo}. Others are in `rollcall/client/selectors`. */
  selector?: Selector | undefined;
  /** Ejection of instances that keep failing; false: none. */
  ejection?: EjectionOptions | false | undefined;
  /** Name of the port to call, instead of the URL or address and port. */
  port?: string | undefined;
  /** Keeps the list over restarts. Resolvers of the same service use the first one's store. */
  snapshot?: SnapshotStore | undefined;
}

/**
 * Resolver of a service: a list that a watch keeps current, read without waiting. While the registry is unreachable, the
 * last known list stays in use.
 */
export class ServiceResolver {
  /** Name as passed to `resolver()`. */
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
  /** Endpoints that left while calls to them were pending. */
  readonly #leaving = new Set<Endpoint>();

  /** Called by `resolver()`. @param release Called when the resolver is closed. */
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
   * @throws {RollcallError} If the registry refuses the watch, or the resolver is closed before.
   */
  get ready(): Promise<void> {
    return this.#feed.untilReady();
  }

  /** Endpoints that take traffic, sorted by id, including ejected ones; a new array whenever it has changed. */
  get endpoints(): readonly Endpoint[] {
    return this.#balancer.endpoints;
  }

  /** True if so few instances are healthy that health is ignored: see the service's `protectThreshold`. */
  get isProtected(): boolean {
    return this.#isProtected;
  }

  /** True if the registry is connected; otherwise the list may be stale. */
  get isConnected(): boolean {
    return this.#feed.isConnected;
  }

  /** Time since the list was certainly current, in milliseconds: 0 while connected, infinite before the first list. */
  get age(): number {
    return this.#feed.age;
  }

  /**
   * Error of the last attempt to reach the registry, or the one that ended the updates of the list, such as a revoked
   * token; undefined while connected.
   */
  get error(): RollcallError | undefined {
    return this.#feed.error;
  }

  /**
   * Returns an endpoint to call; undefined if there is none. The call is not tracked: to count latency and failures, use
   * {@link picker} or {@link fetch}.
   *
   * @param key Key of the call, such as a user or an order, for selectors that use one.
   */
  pick(key?: string): Endpoint | undefined {
    return this.#balancer.pick(key);
  }

  /** Starts a call with retries: each `next()` returns an attempt on another instance, which must be ended once. */
  picker(key?: string): Picker {
    return this.#balancer.picker(key);
  }

  /**
   * Sends a request to an instance. Tries another one if the first is unreachable or responds with 502, 503 or 504, and
   * the request can be repeated: its method is idempotent or it has an `Idempotency-Key`, its body is not a stream, and
   * the retry budget is not exhausted.
   *
   * @param input Path and query. In a `URL` or `Request`, scheme, host and port are replaced.
   * @throws {RollcallError} `UNAVAILABLE` if no instance responded; the message lists the attempts and their errors.
   * @throws The reason of the caller's signal, if it aborts.
   */
  async fetch(input: string | URL | Request, init: ResolverRequestInit = {}): Promise<Response> {
    // Loaded on demand: programs that only pick don't need it.
    const { balancedFetch } = await import('./balanced-fetch');
    const first = this.#feed.hasList ? undefined : this.#feed;
    const parts = { service: this.service, first, balancer: this.#balancer, budget: this.#budget, time: this.#time };
    return balancedFetch(parts, this.#options, input, init);
  }

  /** Calls a listener with each new list; returns a function that removes it. */
  subscribe(listener: (endpoints: readonly Endpoint[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Closes the resolver; the last one of a service ends the watch. The list stays as it is. */
  close(): void {
    this.#feed.leave(this.#reader);
    this.#release();
  }

  /** @internal Declared by {@link Resolver}, for programs whose `lib` has the symbol. */
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
    for (const listener of this.#listeners) this.#notify(listener);
  }

  /** Calls a listener. Its errors must not stop the update of the list or its acknowledgement. */
  #notify(listener: (endpoints: readonly Endpoint[]) => void): void {
    try {
      listener(this.endpoints);
    } catch (error) {
      console.error('rollcall: a listener of a resolver threw', error);
    }
  }
}

/** A resolver, which `await using` closes. */
export type Resolver = ServiceResolver & AsyncDisposal;

type Watching = (scope: WatchScope, options: WatchOptions) => Watch;

/** The resolvers of a client. Those of the same service share a watch, which ends with the last of them. */
export class Resolvers {
  readonly #watch: Watching;
  readonly #time: Time;
  readonly #feeds = new Map<string, { feed: ServiceFeed; users: number }>();

  /** @param watch Starts a watch. */
  constructor(watch: Watching, time: Time) {
    this.#watch = watch;
    this.#time = time;
  }

  /** @param service `orders` in the default group, or `group@@orders`. */
  open(service: string, options: ResolverOptions = {}): Resolver {
    const name = service.includes('@@') ? service : `DEFAULT_GROUP@@${service}`;
    const known = this.#feeds.get(name);
    // A feed that the registry has refused gets no more updates; another attempt may succeed.
    const shared = known && known.feed.ended === undefined ? known : { feed: this.#begin(name), users: 0 };
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
