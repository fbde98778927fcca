import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from '../../model/json';
import { splitName } from '../../model/service-name';
import { CliError, EXIT } from '../terminal/failure';
import type { ServiceName } from '../terminal/option-values';
import { fromConsul } from './consul-entry';
import type { ServiceFilter, Source, SourceInstance } from './source';
import type { SourceHttp } from './source-http';

export interface ConsulOptions {
  http: SourceHttp;
  filter: ServiceFilter;
  /** Datacenter to read; undefined: that of the agent. */
  datacenter?: string | undefined;
  /** Interval of reads, in milliseconds. */
  intervalMs: number;
  /** Returns milliseconds on a monotonic clock. */
  now(): number;
}

/** Name of the service that Consul's servers register for themselves. */
const SERVERS = 'consul';

/** Services that are read at the same time. */
const CONCURRENCY_COUNT = 16;

/** Services with a blocking query each. Consul accepts 200 connections of a client. Others are read at each interval. */
const FOLLOWED_COUNT = 128;

/** Time for which a blocking query waits, and by which Consul may exceed it, in milliseconds. */
const WAIT_MS = 60_000;
const WAIT_JITTER_MS = WAIT_MS / 16;

/** Shortest time between two queries that report no change, and between two reports of changes, in milliseconds. */
const PAUSE_MS = 1_000;
const REPORT_MS = 100;

/** Pause after a failed query, in milliseconds; until it succeeds again, the service is read at each interval. */
const RETRY_MS = 10_000;

/** Headers of responses. */
const INDEX = 'X-Consul-Index';
const IS_FILTERED = 'X-Consul-Results-Filtered-By-ACLs';

/** A list that Consul returned, and its index; 0: it has none, or none that can be waited for. */
interface Indexed<Value> {
  value: Value;
  index: number;
}

/** A service at the source. */
interface Known extends Indexed<SourceInstance[]> {
  readAt: number;
  /** Ends its blocking queries; undefined: it is not followed. */
  stop?: AbortController | undefined;
  /** True: its blocking queries report its changes. */
  isFollowed: boolean;
}

/**
 * A Consul, read over the HTTP API of one of its agents as its own clients do: the names of all services, and the health of
 * each. When followed, it is asked for changes by blocking queries on the same two lists.
 */
export class ConsulSource implements Source {
  readonly name: string;
  readonly #options: ConsulOptions;
  readonly #known = new Map<string, Known>();
  #follower: { onChange: () => void; signal: AbortSignal } | undefined;
  #reporting: Promise<void> | undefined;

  constructor(options: ConsulOptions) {
    const { http, datacenter } = options;
    this.#options = options;
    this.name = `consul ${http.host}${datacenter === undefined ? '' : `/${datacenter}`}`;
  }

  covers(service: ServiceName): boolean {
    return this.#options.filter(service);
  }

  async read(signal?: AbortSignal): Promise<SourceInstance[]> {
    const { value: names } = await this.#names(0, signal);
    for (const [name, { stop }] of this.#known) {
      if (names.includes(name)) continue;
      stop?.abort();
      this.#known.delete(name);
    }
    const due = names.filter((name) => this.#isDue(name));
    let next = 0;
    const worker = async () => {
      for (let at = next++; at < due.length; at = next++) {
        const name = due[at];
        if (name !== undefined) await this.#readService(name, signal);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY_COUNT }, worker));
    return names.flatMap((name) => this.#known.get(name)?.value ?? []);
  }

  follow(onChange: () => void, signal: AbortSignal): void {
    this.#follower = { onChange, signal };
    let before: string | undefined;
    void this.#repeat(
      signal,
      (index) => this.#names(index, signal),
      ({ value }) => {
        const names = JSON.stringify(value);
        if (before !== undefined && before !== names) this.#report();
        before = names;
      },
    );
    for (const name of this.#known.keys()) this.#followService(name);
  }

  #isDue(name: string): boolean {
    const known = this.#known.get(name);
    if (known === undefined) return true;
    // A read after a reported change does not read those again that have just been read, or report their changes.
    const isFresh = this.#follower !== undefined && this.#options.now() - known.readAt < this.#options.intervalMs / 2;
    return !known.isFollowed && !isFresh;
  }

  async #readService(name: string, signal: AbortSignal | undefined): Promise<void> {
    const found = await this.#instances(name, 0, signal);
    const known = this.#known.get(name);
    const readAt = this.#options.now();
    if (known === undefined) this.#known.set(name, { ...found, readAt, isFollowed: false });
    else Object.assign(known, found, { readAt });
    this.#followService(name);
  }

  /** Starts blocking queries for a service, unless it has them, or too many services do. */
  #followService(name: string): void {
    const known = this.#known.get(name);
    const follower = this.#follower;
    if (follower === undefined || known === undefined || known.stop !== undefined) return;
    const followed = [...this.#known.values()].filter(({ stop }) => stop !== undefined).length;
    if (followed >= FOLLOWED_COUNT) return;
    const stop = new AbortController();
    known.stop = stop;
    const signal = AbortSignal.any([follower.signal, stop.signal]);
    void this.#repeat(
      signal,
      (index) => this.#instances(name, index, signal),
      (found) => {
        const isChanged = JSON.stringify(known.value) !== JSON.stringify(found.value);
        Object.assign(known, found, { readAt: this.#options.now(), isFollowed: found.index > 0 });
        if (isChanged) this.#report();
      },
      () => {
        known.isFollowed = false;
      },
    );
  }

  /**
   * Repeats a blocking query until the signal aborts. An index that went back, or is missing, starts over without one, as
   * Consul's clients do.
   */
  async #repeat<Value>(
    signal: AbortSignal,
    query: (index: number) => Promise<Indexed<Value>>,
    onResult: (result: Indexed<Value>) => void,
    onFailure = () => {},
  ): Promise<void> {
    let index = 0;
    while (!signal.aborted) {
      try {
        const startedAt = this.#options.now();
        const result = await query(index);
        const isSame = index > 0 && result.index === index;
        index = result.index < index ? 0 : result.index;
        if (!isSame) onResult(result);
        const isEarly = this.#options.now() - startedAt < PAUSE_MS;
        if (isEarly && (isSame || result.index === 0)) await pause(result.index === 0 ? RETRY_MS : PAUSE_MS, signal);
      } catch {
        if (signal.aborted) return;
        onFailure();
        index = 0;
        await pause(RETRY_MS, signal);
      }
    }
  }

  /** Reports changes, those of a moment together. */
  #report(): void {
    const follower = this.#follower;
    if (follower === undefined || this.#reporting !== undefined) return;
    this.#reporting = pause(REPORT_MS, follower.signal).then(() => {
      this.#reporting = undefined;
      if (!follower.signal.aborted) follower.onChange();
    });
  }

  /** Reads the names of the services to mirror. @param index Index to wait for a change of; 0: none. */
  async #names(index: number, signal: AbortSignal | undefined): Promise<Indexed<string[]>> {
    const { value, headers } = await this.#get('/catalog/services', index, signal);
    if (!isRecord(value) || !headers.has(INDEX)) {
      throw new CliError(
        EXIT.failure,
        'The source did not return a list of services with an index.',
        'Check that the url is that of the HTTP API of a Consul agent, such as http://consul:8500.',
      );
    }
    const names = Object.keys(value).filter((name) => name !== SERVERS && this.covers(splitName(name)));
    if (names.length === 0) assertComplete(headers, 'services');
    return { value: names.sort(), index: indexIn(headers) };
  }

  async #instances(name: string, index: number, signal: AbortSignal | undefined): Promise<Indexed<SourceInstance[]>> {
    const { value, headers } = await this.#get(`/health/service/${encodeURIComponent(name)}`, index, signal);
    if (!Array.isArray(value)) {
      throw new CliError(EXIT.failure, `The source did not return a list of the instances of ${JSON.stringify(name)}.`);
    }
    assertComplete(headers, `instances of ${JSON.stringify(name)}`);
    return { value: value.flatMap((entry) => fromConsul(entry) ?? []), index: indexIn(headers) };
  }

  #get(path: string, index: number, signal: AbortSignal | undefined) {
    const { http, datacenter } = this.#options;
    const { user, password = '', token } = http.credentials;
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    // Clients differ in which of the two they are configured with.
    const begin = http.url.endsWith('/v1') ? '' : '/v1';
    return http.read(
      `${begin}${path}`,
      {
        ...(signal && { signal }),
        headers: {
          ...(user !== undefined && { Authorization: `Basic ${basic}` }),
          ...(token !== undefined && { 'X-Consul-Token': token }),
        },
      },
      {
        ...(datacenter !== undefined && { dc: datacenter }),
        ...(index > 0 && { index: String(index), wait: `${WAIT_MS}ms` }),
      },
      index > 0 ? WAIT_MS + WAIT_JITTER_MS : 0,
    );
  }
}

/** Returns the index of a list; 0 if it can't be waited for. */
function indexIn(headers: Headers): number {
  const index = Number(headers.get(INDEX));
  return Number.isSafeInteger(index) && index > 0 ? index : 0;
}

/** @throws {CliError} If Consul left something out, which would look as if it were gone. */
function assertComplete(headers: Headers, what: string): void {
  if (headers.get(IS_FILTERED) !== 'true') return;
  throw new CliError(
    EXIT.denied,
    `The token may not read all ${what}, so the source left some out.`,
    'Set a token with the rules service_prefix "" { policy = "read" } and node_prefix "" { policy = "read" }.',
  );
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});
