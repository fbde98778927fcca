import { callerOf, grantsOn, may } from '../../auth/authorize';
import type { Precondition } from '../../model/batch';
import type { Target } from '../../model/coverage';
import type { DirectoryCaller } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import type { WatchScope } from '../../model/frames';
import type { Grant, Principal, Scope } from '../../model/grant';
import type { Location } from '../../model/instance';
import type { KeyInterval } from '../../model/key-interval';
import type { Caller, NamespaceApi, ReadAnswer, ReadOptions, ServiceKey } from '../../model/namespace-api';
import type { NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import { invalid } from '../request/field-errors';
import {
  originOf,
  placeOf,
  preferredWaitMs,
  readCondition,
  readPrecondition,
  subscriberName,
} from '../request/headers';
import { pathAndQuery, requestOrigin } from '../request/request-target';
import type { FreshnessKnown } from '../response/answers';
import { longPoll } from '../watch/long-poll';
import { jittered } from '../watch/waits';
import type { OpenNamespace, RequestContext } from './request-context';
import type { Surface } from './surface';

/** Freshness that the query of a read asks for. */
export interface Freshness {
  consistency: 'strong' | 'cached';
  /** Milliseconds. */
  maxAge: number;
  /** Time that a conditional read waits for a change, in milliseconds. */
  wait?: number | undefined;
}

/** A read, as a route defines it. */
export interface RouteRead<T> {
  freshness: Freshness;
  about: ReadTarget;
  ask: (options: ReadOptions) => Promise<ReadAnswer<T>>;
  /** Further values that the response depends on, apart from path and query. */
  alsoDependsOn?: string;
}

/** Target of a read: a change to it ends a wait. All services of the namespace if it names nothing. */
export interface ReadTarget extends Omit<Target, 'namespace'> {
  /** Several services. */
  services?: readonly ServiceKey[] | undefined;
}

/** A read of a dialect whose clients count revisions. */
export interface RevisionRead<T> {
  about: ReadTarget;
  ask: (options: ReadOptions) => Promise<ReadAnswer<T>>;
  /** Revision that the reader has; absent: it has none, and the read does not wait. */
  after?: number | undefined;
  /** Time that the read waits for a change after that revision, in milliseconds. */
  waitMs: number;
}

/** The view of a request that a route's call has, in addition to the parsed input. Values are computed on access. */
export class RouteCall {
  readonly #context: RequestContext;
  readonly #surface: Surface;
  readonly #namespace: OpenNamespace | undefined;
  readonly #principal: Principal;

  /** @param namespace The open namespace; undefined on a route without one. */
  constructor(context: RequestContext, surface: Surface, namespace: OpenNamespace | undefined) {
    this.#context = context;
    this.#surface = surface;
    this.#namespace = namespace;
    this.#principal = context.get('principal');
  }

  /** The original request. */
  get request(): Request {
    return this.#context.env.request;
  }

  /** The request as it was received, with the headers that identify its sender. */
  get received(): Request {
    return this.#context.env.received;
  }

  /** The API of the namespace. */
  get calls(): NamespaceApi {
    return this.#opened.calls;
  }

  /** The sockets of the namespace. */
  get sockets(): NamespaceSockets {
    return this.#opened.sockets;
  }

  get #opened(): OpenNamespace {
    if (this.#namespace === undefined)
      throw new RegistryError('INTERNAL', 'a route without a namespace tried to use one');
    return this.#namespace;
  }

  /** The surface that the route is registered on. */
  get surroundings(): Surface {
    return this.#surface;
  }

  /** The caller, with its permission to change instances of others. */
  get caller(): Caller {
    return callerOf(this.#principal, this.namespace);
  }

  /** The caller for calls to the directory, with its address. */
  get directoryCaller(): DirectoryCaller {
    return directoryCaller(this.#surface, this.#context);
  }

  /** Id of the namespace; empty on a route to the directory. */
  get namespace(): string {
    return this.#context.get('namespace') ?? '';
  }

  /** Id of the namespace in front of the path, or in the host name; undefined if neither names one. */
  get namespaceInUrl(): string | undefined {
    return this.#context.env.namespace;
  }

  /** Reports whether the token has a further scope on a service, or on all of the namespace, apart from the scope of the route. */
  may(scope: Scope, service?: ServiceKey): boolean {
    return may(this.#principal, scope, { namespace: this.namespace, service });
  }

  /** Reports whether the token has a further scope on keys of entries. */
  mayOnKeys(scope: Scope, keys: KeyInterval): boolean {
    return may(this.#principal, scope, { namespace: this.namespace, keys });
  }

  /** The caller's token and its grants, for calls that authorize in pieces. */
  get principal(): Principal {
    return this.#principal;
  }

  /** Id of the token. */
  get tokenId(): string {
    return this.#principal.tokenId;
  }

  /** Returns the purpose of a socket to the namespace, with the permissions of its caller. */
  purpose(kind: SocketPurpose['kind'], subscriber: string): SocketPurpose {
    return {
      kind,
      subscriber,
      caller: this.callerWithOrigin,
      grants: grantsOn(this.#principal, this.namespace),
      namespace: this.namespace,
      expiresAt: this.#principal.expiresAt,
      redeemedId: this.#principal.redeemedId,
    };
  }

  /** The caller with its address and location: registrations are compared with them, and audit entries contain them. */
  get callerWithOrigin(): Caller {
    return { ...this.caller, ...originOf(this.#context.env.received, this.#surface.origins) };
  }

  /**
   * Logs an error that happens after the response has started.
   *
   * @returns Id of the request, as in its log line.
   */
  noteFailure(error: unknown): string {
    const { record } = this.#context.env;
    this.#surface.noteFailure(record, error);
    return record.id;
  }

  /** The path as it was sent, percent-encoded. */
  get path(): string {
    return this.#context.env.path;
  }

  /** Location of the caller, if the platform knows it. */
  get place(): Location | undefined {
    return placeOf(this.request);
  }

  /** The condition of a change. */
  get precondition(): Precondition {
    return readPrecondition(this.request.headers);
  }

  /** Returns how long a read waits for a change, in milliseconds: the query takes precedence over `Prefer`. */
  waitMs({ wait, consistency }: Freshness): number {
    if (consistency === 'cached') return 0;
    return wait ?? preferredWaitMs(this.request.headers) ?? 0;
  }

  /** Reads with the freshness that the query asks for; waits for a change if the request asks for that. */
  read<T>(routeRead: RouteRead<T>): Promise<ReadAnswer<T> & FreshnessKnown> {
    const ifNoneMatch = readCondition(this.request.headers);
    return routeRead.freshness.consistency === 'strong'
      ? this.#readStrongly(routeRead, ifNoneMatch)
      : this.#readCopy(routeRead, ifNoneMatch);
  }

  async #readCopy<T>(
    routeRead: RouteRead<T>,
    ifNoneMatch: string | undefined,
  ): Promise<ReadAnswer<T> & FreshnessKnown> {
    const { maxAge, wait } = routeRead.freshness;
    if (wait !== undefined) {
      throw invalid('query', [{ path: 'wait', message: 'needs consistency=strong: a copy does not change' }]);
    }
    const { cachedReads } = this.#surface;
    const { tokenId } = this;
    const key = this.#resourceOf(routeRead);
    const ask = (keepForMs: number) => routeRead.ask({ keepForMs, tokenId });
    const copy =
      cachedReads.cached(key, maxAge) ?? (await cachedReads.read(key, maxAge, ask, requestOrigin(this.request)));
    return {
      cursor: copy.cursor,
      body: copy.cursor === ifNoneMatch ? null : copy.body,
      ageSeconds: Math.floor(cachedReads.ageOf(copy) / 1_000),
    };
  }

  /** Reads without waiting directly, which is the usual case: every extra promise slows down a resolve. */
  #readStrongly<T>(routeRead: RouteRead<T>, ifNoneMatch: string | undefined): Promise<ReadAnswer<T> & FreshnessKnown> {
    const name = subscriberName(this.request.headers);
    const subscriber = name === undefined ? undefined : { id: name, address: this.callerWithOrigin.address };
    const waitMs = ifNoneMatch === undefined ? 0 : this.waitMs(routeRead.freshness);
    const options: ReadOptions = { ifNoneMatch, subscriber, tokenId: this.tokenId };
    if (waitMs === 0) return routeRead.ask(options);
    return this.#poll(routeRead, options, jittered(waitMs), this.purpose('poll', name ?? '')).then((answer) => ({
      ...answer,
      waitSeconds: Math.floor(waitMs / 1_000),
    }));
  }

  /**
   * Reads for a client that counts revisions, and waits until something has changed after the revision that it has. The
   * body is null if nothing has by the end of the wait, which is not shortened at random.
   */
  readAfter<T>({ about, ask, after, waitMs }: RevisionRead<T>): Promise<ReadAnswer<T>> {
    const options: ReadOptions = { ifChangedAfter: after, tokenId: this.tokenId };
    if (after === undefined || waitMs === 0) return ask(options);
    // The route has authorized the read. The socket shows nothing of a change, which may be one that the read has to leave out.
    const grants: Grant[] = [{ scope: 'read', ns: this.namespace }];
    return this.#poll({ about, ask }, options, waitMs, { ...this.purpose('poll', ''), grants });
  }

  #poll<T>(
    read: Pick<RouteRead<T>, 'about' | 'ask' | 'alsoDependsOn'>,
    options: ReadOptions,
    waitMs: number,
    purpose: SocketPurpose,
  ): Promise<ReadAnswer<T>> {
    const { waits, now } = this.#surface;
    return longPoll(() => read.ask(options), {
      sockets: this.sockets,
      waits,
      purpose,
      resource: this.#resourceOf(read),
      scope: watchScopeOf(read.about),
      waitMs,
      now,
    });
  }

  /** Returns the key of a response: path, query and everything else that it depends on. */
  #resourceOf({ alsoDependsOn = '' }: Pick<RouteRead<unknown>, 'alsoDependsOn'>): string {
    return pathAndQuery(this.#context.env) + alsoDependsOn;
  }
}

/** Returns the caller for calls to the directory, with its address. */
export function directoryCaller({ origins }: Surface, context: RequestContext): DirectoryCaller {
  return { principal: context.get('principal'), address: originOf(context.env.received, origins).address };
}

/** Returns the target of a read as the scope of a watch; all services of the namespace if it names nothing. */
function watchScopeOf({ service, services = [], group, keys }: ReadTarget): WatchScope {
  const named = service === undefined ? services : [service, ...services];
  return {
    groups: group === undefined ? [] : [group],
    services: named.map(({ group: of, service: name }) => ({ group: of, service: name })),
    ...(keys === undefined ? {} : { keys: [keys] }),
  };
}
