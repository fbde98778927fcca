import type { OutageReports } from '../wire/outage-reports';
import type { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import { availableOf } from './available';
import type { ResolverRequestInit } from './balanced-fetch';
import { Balancer, type Picker, RetryBudget } from './balancer';
import { type CachedService, EdgeList } from './edge-list';
import { type Endpoint, EndpointList } from './endpoint';
import { nearest, type Place, placeOf } from './nearest';
import { OutlierEjection } from './outlier-ejection';
import { powerOfTwo } from './power-of-two';
import type { Selector } from './selector';
import type { ResolverOptions } from './service-resolver';

export interface EdgeResolverOptions extends Omit<ResolverOptions, 'snapshot'> {
  /** Maximum age of the list while the registry responds, in milliseconds; default 10,000, at most 60,000. */
  maxAgeMs?: number | undefined;
  /** Maximum age of the list while the registry does not respond, in milliseconds; default 600,000. */
  maxStaleMs?: number | undefined;
  /** `waitUntil` of `cloudflare:workers`: lets the list be refreshed after a response has been sent. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** Options for choosing the instance of a call. */
export interface EdgeChoice {
  /** Key of the call, such as a user or an order, for selectors that use one. */
  key?: string | undefined;
  /** Prefers the instances nearest to this place, or to the origin of this request as far as Cloudflare knows it. */
  near?: Place | Request | undefined;
}

export interface EdgeRequestInit extends ResolverRequestInit, Pick<EdgeChoice, 'near'> {}

/** Access of an edge resolver to its registry. */
export interface EdgeParts {
  /** Reads the list. */
  ask: (maxAgeMs: number, known: CachedService | undefined) => Promise<CachedService>;
  outages: Pick<OutageReports, 'report'>;
  time: Time;
}

/**
 * Resolver of a service for Workers: a list in the memory of the isolate, which all its requests share. Create it once,
 * at module level; nothing is read before the first call.
 */
export class EdgeResolver {
  /** Name as passed to `edgeResolver()`. */
  readonly service: string;
  readonly #options: EdgeResolverOptions;
  readonly #time: Time;
  readonly #list: EdgeList;
  readonly #endpoints: EndpointList;
  readonly #selector: Selector;
  readonly #ejection: OutlierEjection | undefined;
  readonly #budget = new RetryBudget();
  #listed: CachedService['instances'] | undefined;
  #threshold = 0;
  #current: readonly Endpoint[] = [];
  #isProtected = false;

  /** Called by `edgeResolver()`. */
  constructor(service: string, options: EdgeResolverOptions, { ask, outages, time }: EdgeParts) {
    const { maxAgeMs = 10_000, maxStaleMs = 600_000, waitUntil, selector = powerOfTwo(), ejection } = options;
    this.service = service;
    this.#options = options;
    this.#time = time;
    this.#list = new EdgeList({ ask: (known) => ask(maxAgeMs, known), outages, time, maxAgeMs, maxStaleMs, waitUntil });
    this.#endpoints = new EndpointList(options.port);
    this.#selector = selector;
    this.#ejection = ejection === false ? undefined : new OutlierEjection(ejection);
  }

  /** Time since the list was certainly current, in milliseconds; infinite before the first. */
  get age(): number {
    return this.#list.age;
  }

  /** Error of the last attempt to read the list; undefined if it succeeded. */
  get error(): RollcallError | undefined {
    return this.#list.error;
  }

  /** True if so few instances are healthy that health is ignored: see the service's `protectThreshold`. */
  get isProtected(): boolean {
    return this.#isProtected;
  }

  /**
   * Returns the endpoints that take traffic, sorted by id; usually from memory.
   *
   * @throws {RollcallError} If there is no list that is fresh enough, and the registry fails.
   */
  async endpoints(): Promise<readonly Endpoint[]> {
    const { instances, protectThreshold } = await this.#list.read();
    if (instances !== this.#listed || protectThreshold !== this.#threshold) {
      this.#listed = instances;
      this.#threshold = protectThreshold;
      const available = availableOf(instances, this.#options.filter, protectThreshold);
      this.#isProtected = available.isProtected;
      this.#current = this.#endpoints.update(available.instances).endpoints;
    }
    return this.#current;
  }

  /**
   * Returns an endpoint to call; undefined if there is none. The call is not tracked.
   *
   * @throws {RollcallError} As `endpoints`.
   */
  async pick(choice: EdgeChoice = {}): Promise<Endpoint | undefined> {
    return (await this.#balancer(choice)).pick(choice.key);
  }

  /**
   * Starts a call with retries: each `next()` returns an attempt on another instance, which must be ended once.
   *
   * @throws {RollcallError} As `endpoints`.
   */
  async picker(choice: EdgeChoice = {}): Promise<Picker> {
    return (await this.#balancer(choice)).picker(choice.key);
  }

  /**
   * Sends a request to an instance, and to the next one if that fails and the request can be repeated; see
   * `Resolver.fetch`.
   *
   * @param input Path and query. In a `URL` or `Request`, scheme, host and port are replaced.
   * @throws {RollcallError} `UNAVAILABLE` if no instance responded; also as `endpoints`.
   * @throws The reason of the caller's signal, if it aborts.
   */
  async fetch(input: string | URL | Request, { near, ...init }: EdgeRequestInit = {}): Promise<Response> {
    const [{ balancedFetch }, balancer] = await Promise.all([import('./balanced-fetch'), this.#balancer({ near })]);
    const parts = { service: this.service, first: undefined, balancer, budget: this.#budget, time: this.#time };
    return balancedFetch(parts, this.#options, input, init);
  }

  /** Creates the balancer of a call: the place differs by call; the state of the instances is shared by all. */
  async #balancer({ near }: EdgeChoice): Promise<Balancer> {
    const endpoints = await this.endpoints();
    const place = near instanceof Request ? placeOf(near) : near;
    const selector = place === undefined ? this.#selector : nearest(place, this.#selector);
    const balancer = new Balancer({ selector, ejection: this.#ejection, time: this.#time });
    balancer.endpoints = endpoints;
    return balancer;
  }
}
