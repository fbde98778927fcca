import type { Context } from 'hono';
import type { Principal } from '../auth/principal';
import type { Precondition } from '../model/batch';
import type { Location } from '../model/instance';
import type { Caller, ReadAnswer, ReadOptions } from '../model/namespace-api';
import type { FreshnessKnown } from './answers';
import type { CachedReads } from './cached-reads';
import { readCondition, readPrecondition } from './conditions';
import { originOf, placeOf } from './origin';
import { pathAndQuery } from './request-target';

/** How fresh a read has to be, as its query says. */
export interface Freshness {
  consistency: 'strong' | 'cached';
  /** Milliseconds. */
  maxAge: number;
}

/** What the routes of one surface share. */
export interface Surroundings {
  cachedReads: CachedReads;
  trustedProxy: boolean;
}

/** What a route's call may ask about its request, beside the parsed input. Nothing is read before it is asked for. */
export class RouteCall {
  readonly #context: Context;
  readonly #principal: Principal;
  readonly #surroundings: Surroundings;

  constructor(context: Context, principal: Principal, surroundings: Surroundings) {
    this.#context = context;
    this.#principal = principal;
    this.#surroundings = surroundings;
  }

  /** Who asks. */
  get caller(): Caller {
    return { tokenId: this.#principal.tokenId };
  }

  /** Who asks, and from where: for registrations, which are compared with it. */
  get callerWithOrigin(): Caller {
    return { ...this.caller, ...originOf(this.#context.req.raw, this.#surroundings.trustedProxy) };
  }

  /** The path as it was sent, percent-encoded. */
  get path(): string {
    return this.#context.req.path;
  }

  /** Where the caller is, where the platform knows. */
  get place(): Location | undefined {
    return placeOf(this.#context.req.raw);
  }

  /** What a change is conditional on. */
  get precondition(): Precondition {
    return readPrecondition(this.#context.req.raw.headers);
  }

  /**
   * Reads as fresh as the query asks.
   *
   * @param alsoDependsOn Whatever the answer depends on beside path and query.
   */
  async read<T>(
    freshness: Freshness,
    ask: (options: ReadOptions) => Promise<ReadAnswer<T>>,
    alsoDependsOn = '',
  ): Promise<ReadAnswer<T> & FreshnessKnown> {
    const request = this.#context.req.raw;
    const ifNoneMatch = readCondition(request.headers);
    if (freshness.consistency === 'strong') return ask({ ifNoneMatch });
    const { cachedReads } = this.#surroundings;
    const copy = await cachedReads.read(pathAndQuery(request) + alsoDependsOn, freshness.maxAge, (keepForMs) =>
      ask({ keepForMs }),
    );
    return {
      cursor: copy.cursor,
      body: copy.cursor === ifNoneMatch ? null : copy.body,
      ageSeconds: Math.floor(cachedReads.ageOf(copy) / 1_000),
    };
  }
}
