import { grantsOn, may } from '../../auth/authorize';
import { callerOf } from '../../auth/caller';
import type { Precondition } from '../../model/batch';
import type { WatchScope } from '../../model/frames';
import type { Principal, Scope } from '../../model/grant';
import type { Location } from '../../model/instance';
import type { Caller, ReadAnswer, ReadOptions, ServiceKey } from '../../model/namespace-api';
import type { NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import type { CachedReads } from '../cache/cached-reads';
import type { OwnWrites } from '../cache/own-writes';
import { readCondition, readPrecondition } from '../request/conditions';
import { invalid } from '../request/field-errors';
import type { IncomingRequest } from '../request/incoming-request';
import { originOf, placeOf } from '../request/origin';
import { pathAndQuery, requestOrigin } from '../request/request-target';
import type { FreshnessKnown } from '../response/answers';
import type { RequestRecord } from '../telemetry/request-record';
import type { AcceptSocket } from '../watch/accepted-socket';
import type { BytePipe } from '../watch/event-stream';
import { longPoll } from '../watch/long-poll';
import { preferredWaitMs } from '../watch/preferred-wait';
import { subscriberName } from '../watch/subscriber-name';
import type { Waits } from '../watch/waits';
import type { RateRefusals } from './rate-refusals';

/** How fresh a read has to be, as its query says. */
export interface Freshness {
  consistency: 'strong' | 'cached';
  /** Milliseconds. */
  maxAge: number;
  /** How long it waits for a change, where it is conditional; in milliseconds. */
  wait?: number | undefined;
}

/** What the routes of one surface share. */
export interface Surroundings {
  cachedReads: CachedReads;
  trustedProxy: boolean;
  waits: Waits;
  rateRefusals: RateRefusals;
  ownWrites: OwnWrites;
  /** Makes a pipe whose writer is told when its reader is gone. */
  openPipe(): BytePipe;
  /** Takes a client's WebSocket. */
  acceptSocket: AcceptSocket;
  /** Tells the log of an error after an answer has begun. */
  noteFailure(record: RequestRecord, error: unknown): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What a route's call may ask about its request, beside the parsed input. Nothing is read before it is asked for. */
export class RouteCall {
  readonly #incoming: IncomingRequest;
  readonly #principal: Principal;
  readonly #namespace: string;
  readonly #surroundings: Surroundings;
  readonly #sockets: NamespaceSockets;

  constructor(
    incoming: IncomingRequest,
    principal: Principal,
    namespace: string,
    surroundings: Surroundings,
    sockets: NamespaceSockets,
  ) {
    this.#incoming = incoming;
    this.#principal = principal;
    this.#namespace = namespace;
    this.#surroundings = surroundings;
    this.#sockets = sockets;
  }

  /** The request as it came. */
  get request(): Request {
    return this.#incoming.request;
  }

  /** The way to the namespace over sockets. */
  get sockets(): NamespaceSockets {
    return this.#sockets;
  }

  /** What the routes of this surface share. */
  get surroundings(): Surroundings {
    return this.#surroundings;
  }

  /** Who asks, and what it may change of others. */
  get caller(): Caller {
    return callerOf(this.#principal, this.#namespace);
  }

  /** Id of the namespace. */
  get namespace(): string {
    return this.#namespace;
  }

  /** Whether the token has a scope on a service, beside what the route asked for. */
  may(scope: Scope, service: ServiceKey): boolean {
    return may(this.#principal, scope, { namespace: this.#namespace, service });
  }

  /** Id of the token. */
  get tokenId(): string {
    return this.#principal.tokenId;
  }

  /** What a socket to the namespace is for, and what may be asked on it. */
  purpose(kind: SocketPurpose['kind'], subscriber: string): SocketPurpose {
    return {
      kind,
      subscriber,
      caller: this.callerWithOrigin,
      grants: grantsOn(this.#principal, this.#namespace),
      namespace: this.#namespace,
      expiresAt: this.#principal.expiresAt,
    };
  }

  /** Who asks, and from where: for registrations, which are compared with it, and for what is audited. */
  get callerWithOrigin(): Caller {
    return { ...this.caller, ...originOf(this.#incoming.request, this.#surroundings.trustedProxy) };
  }

  /**
   * Tells the log of an error after the answer has begun.
   *
   * @returns Id of the request, by which the log tells it.
   */
  noteFailure(error: unknown): string {
    const { record } = this.#incoming;
    this.#surroundings.noteFailure(record, error);
    return record.id;
  }

  /** The path as it was sent, percent-encoded. */
  get path(): string {
    return this.#incoming.path;
  }

  /** Where the caller is, where the platform knows. */
  get place(): Location | undefined {
    return placeOf(this.#incoming.request);
  }

  /** What a change is conditional on. */
  get precondition(): Precondition {
    return readPrecondition(this.#incoming.request.headers);
  }

  /** How long a read waits for a change, in milliseconds: the query goes before the preference. */
  waitMs({ wait, consistency }: Freshness): number {
    if (consistency === 'cached') return 0;
    return wait ?? preferredWaitMs(this.request.headers) ?? 0;
  }

  /**
   * Reads as fresh as the query asks, and waits for a change where the request asks it to.
   *
   * @param scope What the read is about: the change that ends a wait.
   * @param alsoDependsOn Whatever the answer depends on beside path and query.
   */
  read<T>(
    freshness: Freshness,
    scope: WatchScope,
    ask: (options: ReadOptions) => Promise<ReadAnswer<T>>,
    alsoDependsOn = '',
  ): Promise<ReadAnswer<T> & FreshnessKnown> {
    const ifNoneMatch = readCondition(this.request.headers);
    const resource = () => pathAndQuery(this.#incoming) + alsoDependsOn;
    return freshness.consistency === 'strong'
      ? this.#readStrongly(freshness, ifNoneMatch, scope, resource, ask)
      : this.#readCopy(freshness, ifNoneMatch, resource(), ask);
  }

  async #readCopy<T>(
    { maxAge, wait }: Freshness,
    ifNoneMatch: string | undefined,
    key: string,
    ask: (options: ReadOptions) => Promise<ReadAnswer<T>>,
  ): Promise<ReadAnswer<T> & FreshnessKnown> {
    if (wait !== undefined) {
      throw invalid('query', [{ path: 'wait', message: 'needs consistency=strong: a copy does not change' }]);
    }
    const { cachedReads } = this.#surroundings;
    const { tokenId } = this;
    const copy =
      cachedReads.kept(key, maxAge) ??
      (await cachedReads.read(key, maxAge, (keepForMs) => ask({ keepForMs, tokenId }), requestOrigin(this.request)));
    return {
      cursor: copy.cursor,
      body: copy.cursor === ifNoneMatch ? null : copy.body,
      ageSeconds: Math.floor(cachedReads.ageOf(copy) / 1_000),
    };
  }

  /** Most reads wait for nothing, and go right through: each promise on the way of a resolve counts. */
  #readStrongly<T>(
    freshness: Freshness,
    ifNoneMatch: string | undefined,
    scope: WatchScope,
    resource: () => string,
    ask: (options: ReadOptions) => Promise<ReadAnswer<T>>,
  ): Promise<ReadAnswer<T> & FreshnessKnown> {
    const name = subscriberName(this.request.headers);
    const subscriber = name === undefined ? undefined : { id: name, address: this.callerWithOrigin.address };
    const waitMs = ifNoneMatch === undefined ? 0 : this.waitMs(freshness);
    const options: ReadOptions = { ifNoneMatch, subscriber, tokenId: this.tokenId };
    if (waitMs === 0) return ask(options);
    const { waits, now } = this.#surroundings;
    return longPoll(() => ask(options), {
      sockets: this.sockets,
      waits,
      purpose: this.purpose('poll', name ?? ''),
      resource: resource(),
      scope,
      waitMs,
      now,
    }).then((answer) => ({ ...answer, waitSeconds: Math.floor(waitMs / 1_000) }));
  }
}
