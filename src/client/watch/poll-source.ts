import { BackOff } from '../wire/back-off';
import type { SnapshotService, WatchedService } from '../wire/frames';
import type { Instance } from '../wire/instance';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import { pause, type Time } from '../wire/time';
import type { WatchScope, WatchSink, WatchSource } from './watch';
import { wholeList } from './whole-list';

/** The part of a list of services that is used. */
interface ServiceNames {
  services: { group: string; name: string; revision: number }[];
  next?: string | undefined;
}

/** Time that a poll waits for a change. */
const WAIT_MS = 30_000;

/** Timeout of a poll, in addition to its wait. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Interval of polls that return "unchanged" without waiting: the registry did not let them wait. */
const LEAST_MS = 1_000;

/** A repeated read: its path, and the handler of its response. */
interface Poll {
  path: string;
  apply: (answer: Response, signal: AbortSignal) => Promise<void>;
  hasAnswered: boolean;
}

interface ServiceName {
  group: string;
  service: string;
}

/** Parses `orders` (in the default group) or `group@@orders`. */
function serviceName(text: string): ServiceName {
  const at = text.indexOf('@@');
  return at < 0 ? { group: 'DEFAULT_GROUP', service: text } : { group: text.slice(0, at), service: text.slice(at + 2) };
}

/** Returns the key of a service. Names contain no line breaks. */
const keyOf = ({ group, service }: ServiceName): string => `${group}\n${service}`;

/**
 * A watch by long polls, for runtimes that have neither sockets nor streams. Changes between two responses are merged:
 * each response becomes a full snapshot. A poll under the subscriber's name acknowledges everything up to its condition,
 * so it has the name only once the reader has acknowledged that.
 */
export class PollSource implements WatchSource {
  readonly #http: RegistryHttp;
  readonly #time: Time;
  readonly #subscriber: string | undefined;
  readonly #sink: WatchSink;
  readonly #scope: WatchScope;
  readonly #services = new Map<string, SnapshotService & { newest?: number }>();
  #ended = new AbortController();
  /** Aborts the pending polls, to repeat them under the subscriber's name. */
  #asked = new AbortController();
  #polls: Poll[] = [];
  #sentCursor: string | undefined;

  /** @param subscriber Undefined for an observer: its polls have no name. */
  constructor(http: RegistryHttp, time: Time, subscriber: string | undefined, scope: WatchScope, sink: WatchSink) {
    this.#http = http;
    this.#time = time;
    this.#subscriber = subscriber;
    this.#scope = scope;
    this.#sink = sink;
  }

  start(): void {
    const { services = [], groups = [] } = this.#scope;
    this.#ended = new AbortController();
    this.#services.clear();
    const isWhole = services.length === 0 && groups.length === 0;
    this.#polls = [
      ...services.map((text) => this.#servicePoll(serviceName(text))),
      ...groups.map((group) => this.#groupPoll(group)),
      ...(isWhole ? [this.#groupPoll()] : []),
    ];
    for (const poll of this.#polls) void this.#run(poll, this.#ended.signal);
  }

  stop(): void {
    this.#ended.abort();
  }

  acknowledge(): void {
    if (this.#sink.acknowledged === this.#sentCursor) this.#asked.abort();
  }

  /** Polls until the signal aborts. Never rejects. */
  async #run(poll: Poll, signal: AbortSignal): Promise<void> {
    const backOff = new BackOff(this.#time);
    let condition: string | null = null;
    // The first request must not wait, as it finds out whether the registry is reachable.
    let waits = false;
    while (!signal.aborted) {
      const startedAt = this.#time.now();
      const asked = this.#asked.signal.aborted ? new AbortController() : this.#asked;
      this.#asked = asked;
      try {
        const answer: Response = await this.#http.request('GET', poll.path, {
          headers: {
            ...(condition !== null && { 'If-None-Match': condition }),
            ...(waits && { Prefer: `wait=${WAIT_MS / 1_000}` }),
            ...(this.#subscriber !== undefined &&
              this.#sink.acknowledged === this.#sentCursor && { 'Rollcall-Subscriber': this.#subscriber }),
          },
          signal: AbortSignal.any([signal, asked.signal]),
          timeoutMs: WAIT_MS + ANSWER_TIMEOUT_MS,
        });
        if (answer.status !== 304) {
          await poll.apply(answer, signal);
          condition = answer.headers.get('etag');
          poll.hasAnswered = true;
          if (!signal.aborted) this.#noteCursor(answer.headers.get('rollcall-cursor') ?? '');
        } else if (waits && this.#time.now() - startedAt < LEAST_MS) {
          await pause(this.#time, LEAST_MS, signal);
        }
        backOff.reset();
        waits = true;
        if (!signal.aborted) this.#sink.up();
      } catch (error) {
        if (signal.aborted) return;
        if (asked.signal.aborted) continue;
        const reason = await this.#http.failure(error, 'GET', poll.path, 'was not answered by a registry');
        if (signal.aborted) return;
        waits = false;
        // A conflict is an earlier poll of our own that the registry still considers open.
        if (reason.code === 'CONFLICT') this.#sink.down();
        else if (this.#sink.refused(reason)) return;
        await pause(this.#time, reason.retryAfterMs ?? backOff.next(), signal);
      }
    }
  }

  #noteCursor(cursor: string): void {
    if (!this.#polls.every(({ hasAnswered }) => hasAnswered)) return;
    const services = [...this.#services.values()].map(({ newest: _newest, ...service }) => service);
    const revision = Math.max(0, ...services.flatMap(({ instances }) => instances.map((one) => one.revision)));
    this.#sentCursor = cursor;
    this.#sink.take({ type: 'snapshot', watch: '', cursor, revision, services }, 0);
  }

  #servicePoll(name: ServiceName): Poll {
    const path = `${this.#http.servicePath(name)}/instances`;
    return {
      path,
      hasAnswered: false,
      apply: async (answer, signal) => this.#take(name, await wholeList(this.#http, path, answer, { signal }), signal),
    };
  }

  #groupPoll(group?: string): Poll {
    const query = group === undefined ? '' : `?group=${encodeURIComponent(group)}`;
    return {
      path: `${this.#http.namespacePath}/services${query}`,
      hasAnswered: false,
      // `as`: the response of the list of services
      apply: async (answer, signal) => this.#takeAll(group, (await answer.json()) as ServiceNames, signal),
    };
  }

  async #takeAll(group: string | undefined, first: ServiceNames, signal: AbortSignal): Promise<void> {
    let { services, next } = first;
    while (next !== undefined) {
      const query = { group, after: next };
      const page = await this.#http.call<ServiceNames>('GET', `${this.#http.namespacePath}/services`, {
        query,
        signal,
      });
      services = services.concat(page.services);
      next = page.next;
    }
    const known = [...this.#services].filter(([, service]) => group === undefined || service.group === group);
    const left = new Set(known.map(([key]) => key));
    for (const { group: of, name: service, revision } of services) {
      const key = keyOf({ group: of, service });
      left.delete(key);
      if (this.#services.get(key)?.newest === revision) continue;
      const path = `${this.#http.servicePath({ group: of, service })}/instances`;
      const answer = await this.#http.request('GET', path, { signal });
      const instances = await wholeList(this.#http, path, answer, { signal });
      await this.#take({ group: of, service }, instances, signal, revision);
    }
    // Services that the scope names individually have their own polls.
    for (const key of left) this.#services.delete(key);
  }

  async #take(name: ServiceName, instances: Instance[], signal: AbortSignal, newest?: number): Promise<void> {
    const plain: WatchedService = {
      group: name.group,
      name: name.service,
      persistent: false,
      metadata: {},
      protectThreshold: 0,
      revision: 0,
    };
    const own = await this.#http
      .call<WatchedService>('GET', this.#http.servicePath(name), { signal })
      .catch((error) => {
        if (error instanceof RollcallError && error.code === 'SERVICE_NOT_FOUND') return plain;
        throw error;
      });
    const { persistent, metadata, protectThreshold, selector, revision } = own;
    this.#services.set(keyOf(name), {
      ...plain,
      persistent,
      metadata,
      protectThreshold,
      selector,
      revision,
      instances,
      ...(newest !== undefined && { newest }),
    });
  }
}
