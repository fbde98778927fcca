import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { type Event as EtcdEvent, Event_EventType } from '../../../../src/codecs/etcd/messages/kv_pb';
import {
  type WatchResponse as EtcdWatchResponse,
  WatchCreateRequest_FilterType as Filter,
  Watch,
} from '../../../../src/codecs/etcd/messages/rpc_pb';
import { monotonicNow } from '../../../linearizability/recorder';
import type { SeededRandom } from '../../../simulation/seeded-random';
import type { EtcdClient } from '../etcd-client';
import { bytes, shownKey } from './etcd-operator';
import type { WatchedEvent, WatchHistory, WatchRequest, WatchResponse } from './history';

/** Longest time for which a watcher keeps a stream before it opens another one. */
const STREAM_MAX_MS = 8_000;

/** Time after which a stream that gives no sign of life is given up, as clients with keepalive do. */
const SILENT_MAX_MS = 20_000;

const SETTLES_WITHIN_MS = 60_000;

/** Habits of a watcher. */
export interface WatcherPlan {
  /** Watches that share a stream. */
  requests: readonly WatchRequest[];
  /** Keeps its stream until it breaks. */
  isSteady?: boolean;
  /** Stops reading now and then. */
  isSleepy?: boolean;
}

/** A watch of a client, over all of its streams. */
interface Watched {
  request: WatchRequest;
  /** Its part on the current stream. */
  history: WatchHistory;
  /** Revision after which it continues; undefined until it has begun. */
  reached: number | undefined;
}

/** A client that watches, resumes where it was after each break, and records what comes. */
export class RecordedWatcher {
  readonly histories: WatchHistory[] = [];
  /** Reasons for which streams have ended, except for broken connections. */
  readonly problems: string[] = [];
  readonly #name: string;
  readonly #connect: () => EtcdClient;
  readonly #plan: WatcherPlan;
  readonly #random: SeededRandom;
  readonly #watched: Watched[];
  /** Asks for progress at once, while it settles. */
  #settlesAt: number | undefined;

  constructor(name: string, connect: () => EtcdClient, plan: WatcherPlan, random: SeededRandom) {
    this.#name = name;
    this.#connect = connect;
    this.#plan = plan;
    this.#random = random;
    this.#watched = plan.requests.map((request) => ({
      request,
      history: emptyHistory(name, request),
      reached: undefined,
    }));
  }

  /** Revision that all of its watches have reached. */
  get reached(): number {
    return Math.min(...this.#watched.map(({ reached }) => reached ?? 0));
  }

  /** Watches until the signal is aborted. */
  async work(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const client = this.#connect();
      await this.#watch(client, stop);
      client.close();
      await sleep(this.#random.whole(10, 300));
    }
  }

  /** Waits until everything up to a revision has come. */
  async settle(revision: number): Promise<void> {
    this.#settlesAt = revision;
    for (const end = monotonicNow() + SETTLES_WITHIN_MS; this.reached < revision; await sleep(20)) {
      if (monotonicNow() < end) continue;
      this.problems.push(`${this.#name} reached ${this.reached} of ${revision}`);
      return;
    }
    for (const { history } of this.#watched) history.settledAt = revision;
  }

  /** Watches on one stream until it breaks, or the watcher leaves it. */
  #watch(client: EtcdClient, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stream = client.stream(Watch.method.watch);
      let heardAt = monotonicNow();
      let isOver = false;
      const leaveAt = this.#plan.isSteady
        ? Number.POSITIVE_INFINITY
        : heardAt + this.#random.magnitude(300, STREAM_MAX_MS);
      const over = (): void => {
        isOver = true;
        clearInterval(timer);
        stop.removeEventListener('abort', over);
        stream.cancel();
        resolve();
      };
      const timer = setInterval(() => {
        const now = monotonicNow();
        const isSettling = this.#settlesAt !== undefined;
        if ((now > leaveAt && !isSettling) || now - heardAt > SILENT_MAX_MS) return over();
        if (isSettling ? this.reached < (this.#settlesAt ?? 0) : this.#random.chance(0.1)) {
          stream.write({ requestUnion: { case: 'progressRequest', value: {} } });
        }
        if (this.#plan.isSleepy && !isSettling && this.#random.chance(0.05)) {
          stream.pause();
          setTimeout(() => stream.resume(), this.#random.whole(500, 4_000));
        }
      }, 100);
      stop.addEventListener('abort', over);
      if (stop.aborted) over();
      stream.on('error', (error) => {
        if (isOver) return;
        const { code, details } = error as ServiceError; // `as`: streams of this library have no other errors
        for (const { history } of this.#watched) history.brokenAt ??= monotonicNow();
        const isExpected = code === 14 || code === 1 || /RST_STREAM|reset/i.test(details);
        if (!isExpected) this.problems.push(`the stream of ${this.#name} ended with ${code} ${details}`);
        over();
      });
      stream.on('end', over);
      stream.on('data', (response: EtcdWatchResponse) => {
        // What was read ahead comes after a cancellation, too.
        if (isOver) return;
        heardAt = monotonicNow();
        this.#take(response);
        // What is cancelled begins again on another stream.
        if (response.canceled) over();
      });
      for (const [index, watched] of this.#watched.entries()) {
        const { reached } = watched;
        const startRevision = reached === undefined ? watched.request.startRevision : reached + 1;
        const request = { ...watched.request, startRevision };
        watched.history = emptyHistory(this.#name, request);
        this.histories.push(watched.history);
        stream.write({ requestUnion: { case: 'createRequest', value: createRequest(request, index + 1) } });
      }
    });
  }

  #take(response: EtcdWatchResponse): void {
    const at = monotonicNow();
    const { watchId, created, canceled, compactRevision, cancelReason, fragment, header } = response;
    const concerned =
      watchId === -1n ? this.#watched : this.#watched.filter((_, index) => BigInt(index + 1) === watchId);
    if (concerned.length === 0 || (canceled && compactRevision === 0n)) {
      this.problems.push(`${this.#name} got a response about ${watchId}: ${cancelReason}`);
    }
    for (const watched of concerned) {
      const kind = canceled ? 'canceled' : created ? 'created' : response.events.length > 0 ? 'events' : 'progress';
      const taken: WatchResponse = {
        at,
        revision: Number(header?.revision ?? 0n),
        kind,
        compactRevision: Number(compactRevision),
        fragment,
        events: response.events.map((event) => watchedEvent(event, watched.request.prevKv)),
      };
      watched.history.responses.push(taken);
      if (kind === 'canceled') watched.reached = taken.compactRevision - 1;
      // A watch from now on gets what follows the revision at which it was created.
      else if (kind === 'created') {
        if (watched.history.request.startRevision === 0) watched.reached = taken.revision;
      } else if (!fragment) {
        const shown = kind === 'progress' ? taken.revision : (taken.events.at(-1)?.revision ?? 0);
        watched.reached = Math.max(watched.reached ?? 0, shown);
      }
    }
  }
}

function emptyHistory(watcher: string, request: WatchRequest): WatchHistory {
  return { watcher, request, responses: [], brokenAt: null, settledAt: 0 };
}

function createRequest(
  { key, end, startRevision, prevKv, progressNotify, without, fragment }: WatchRequest,
  id: number,
) {
  return {
    key: bytes(key),
    rangeEnd: bytes(end),
    startRevision: BigInt(startRevision),
    prevKv,
    progressNotify,
    fragment,
    watchId: BigInt(id),
    filters: without === null ? [] : [without === 'put' ? Filter.NOPUT : Filter.NODELETE],
  };
}

function watchedEvent({ type, kv, prevKv }: EtcdEvent, isAsked: boolean): WatchedEvent {
  if (kv === undefined) throw new Error('an event has a key');
  const shown = shownKey(kv);
  const isDeletion = type === Event_EventType.DELETE;
  const before = prevKv === undefined ? (isAsked ? null : undefined) : shownKey(prevKv);
  return {
    type: isDeletion ? 'delete' : 'put',
    key: shown.key,
    revision: shown.modified,
    after: isDeletion ? null : shown,
    before,
  };
}
