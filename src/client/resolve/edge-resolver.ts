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
  /** How old a list may be that calls go by while the registry answers, in milliseconds: 10,000; 60,000 at most. */
  maxAgeMs?: number | undefined;
  /** How old while the registry does not answer, in milliseconds: 600,000. */
  maxStaleMs?: number | undefined;
  /** That of `cloudflare:workers`: lets the list be read again after an answer has left. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** What one call goes by. */
export interface EdgeChoice {
  /** What the call is about, for selectors that go by it. */
  key?: string | undefined;
  /** The nearest to this place, or to where this request comes from as far as Cloudflare knows. Anybody without it. */
  near?: Place | Request | undefined;
}

export interface EdgeRequestInit extends ResolverRequestInit, Pick<EdgeChoice, 'near'> {}

/** Asks the registry for the list. */
export type AskService = (maxAgeMs: number, known: CachedService | undefined) => Promise<CachedService>;

/**
 * Who answers for a service, for Workers: a list in the memory of the isolate, which all its requests share. Make it
 * once, where the module begins; nothing is asked before the first call.
 */
export class EdgeResolver {
  /** As it was asked for. */
  readonly service: string;
  readonly #options: EdgeResolverOptions;
  readonly #time: Time;
  readonly #list: EdgeList;
  readonly #endpoints: EndpointList;
  readonly #selector: Selector;
  readonly #ejection: OutlierEjection | undefined;
  readonly #budget = new RetryBudget();
  #told: CachedService['instances'] | undefined;
  #threshold = 0;
  #current: readonly Endpoint[] = [];
  #isProtected = false;

  /** Made by `edgeResolver()`. */
  constructor(service: string, options: EdgeResolverOptions, ask: AskService, time: Time) {
    const { maxAgeMs = 10_000, maxStaleMs = 600_000, waitUntil, selector = powerOfTwo(), ejection } = options;
    this.service = service;
    this.#options = options;
    this.#time = time;
    this.#list = new EdgeList({ ask: (known) => ask(maxAgeMs, known), time, maxAgeMs, maxStaleMs, waitUntil });
    this.#endpoints = new EndpointList(options.port);
    this.#selector = selector;
    this.#ejection = ejection === false ? undefined : new OutlierEjection(ejection);
  }

  /** How long ago the list was right for sure, in milliseconds; infinite before the first. */
  get age(): number {
    return this.#list.age;
  }

  /** What the last attempt to read the list failed with; undefined where it did not. */
  get error(): RollcallError | undefined {
    return this.#list.error;
  }

  /** True where so few are healthy that health is not asked for: the service's `protectThreshold`. */
  get isProtected(): boolean {
    return this.#isProtected;
  }

  /**
   * Those that take traffic, ordered by id; from memory as a rule.
   *
   * @throws {RollcallError} Where there is no list, or none that is young enough, and the registry gives none.
   */
  async endpoints(): Promise<readonly Endpoint[]> {
    const { instances, protectThreshold } = await this.#list.read();
    if (instances !== this.#told || protectThreshold !== this.#threshold) {
      this.#told = instances;
      this.#threshold = protectThreshold;
      const available = availableOf(instances, this.#options.filter, protectThreshold);
      this.#isProtected = available.isProtected;
      this.#current = this.#endpoints.update(available.instances).endpoints;
    }
    return this.#current;
  }

  /**
   * Somebody to call; undefined where there is nobody. Nothing is remembered of it.
   *
   * @throws {RollcallError} As `endpoints`.
   */
  async pick(choice: EdgeChoice = {}): Promise<Endpoint | undefined> {
    return (await this.#balancer(choice)).pick(choice.key);
  }

  /**
   * Begins a call that is tried on one instance after the other: each `next()` is somebody else, to be ended once.
   *
   * @throws {RollcallError} As `endpoints`.
   */
  async picker(choice: EdgeChoice = {}): Promise<Picker> {
    return (await this.#balancer(choice)).picker(choice.key);
  }

  /**
   * `fetch` on one of the instances, and on the next where that one fails and the request can be repeated, as with
   * `Resolver.fetch`.
   *
   * @param input Path and query. Of a `URL` or `Request`, host and port are replaced.
   * @throws {RollcallError} `UNAVAILABLE` where nobody answered; as `endpoints`.
   * @throws The signal's reason where the caller's signal was aborted.
   */
  async fetch(input: string | URL | Request, { near, ...init }: EdgeRequestInit = {}): Promise<Response> {
    const [{ balancedFetch }, balancer] = await Promise.all([import('./balanced-fetch'), this.#balancer({ near })]);
    const parts = { service: this.service, ready: undefined, balancer, budget: this.#budget, time: this.#time };
    return balancedFetch(parts, this.#options, input, init);
  }

  /** Where a call is from differs by call; what is known of the instances is shared by all. */
  async #balancer({ near }: EdgeChoice): Promise<Balancer> {
    const endpoints = await this.endpoints();
    const place = near instanceof Request ? placeOf(near) : near;
    const selector = place === undefined ? this.#selector : nearest(place, this.#selector);
    const balancer = new Balancer({ selector, ejection: this.#ejection, time: this.#time });
    balancer.endpoints = endpoints;
    return balancer;
  }
}
