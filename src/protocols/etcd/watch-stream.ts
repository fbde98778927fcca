import { create } from '@bufbuild/protobuf';
import type { Event } from '../../codecs/etcd/messages/kv_pb';
import {
  WatchCreateRequest_FilterType as Filter,
  type ResponseHeader,
  type WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
  WatchResponseSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { registryRevision } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS, refusalOf } from '../../codecs/etcd/refusals';
import { byteString } from '../../model/bytes';
import { hasCode, type RegistryError } from '../../model/errors';
import { intervalOf, type KeyInterval } from '../../model/key-interval';
import {
  ETCD_PROGRESS_INTERVAL_MS,
  ETCD_PROGRESS_ROUNDS_MAX_COUNT,
  ETCD_STREAM_BACKLOG_COUNT,
  ETCD_WATCHES_PER_STREAM_MAX_COUNT,
} from '../../model/limits';
import type { EntryChange, EntryWatch, EntryWatches, EtcdNamespace, WatchEnd } from './etcd-namespace';
import { isEmptyInterval, newestRevision, responseHeader } from './key-values';
import { eventOf, fragments } from './watch-events';

/** Id in responses that are about no watch, or about all of them. */
const NO_WATCH = -1n;

/** A response with the defaults of all members. */
const NO_RESPONSE = create(WatchResponseSchema);

/** Output of a stream of watches. */
export interface WatchOutput {
  send(response: WatchResponse): void;
  /** Ends the stream with an error. */
  fail(error: RegistryError): void;
}

/** A watch of a client. */
interface Watcher {
  readonly id: bigint;
  readonly request: WatchCreateRequest;
  /** Revision of the registry below which changes are not sent; undefined for those from now on. */
  readonly start: number | undefined;
  watch: EntryWatch | undefined;
  hasBegun: boolean;
  /** True if something was sent since the last look of the timer. */
  isFresh: boolean;
  /** Number of answers to `sync` that are about requests for progress. */
  asked: number;
  /** Revision of the registry up to which the client has all changes. */
  reached: number;
}

/** Events of changes. */
interface MadeEvents {
  readonly changes: readonly EntryChange[];
  /** True if they have the pairs before them. */
  readonly prevKv: boolean;
  readonly header: ResponseHeader;
  readonly events: Event[];
}

/** A request for progress, which is answered once all watches of the stream have. */
interface ProgressRequest {
  readonly waiting: Set<Watcher>;
  /** Number of times that watches were asked. */
  rounds: number;
}

/**
 * The watches of one stream, as etcd's server keeps them (`v3rpc/watch.go`).
 *
 * Requests are answered in their order: the next one begins when the watch before it has begun. A change is sent in one
 * response with all others of its revision, unless the client accepts fragments.
 */
export class WatchStream {
  readonly #namespace: EtcdNamespace;
  readonly #output: WatchOutput;
  readonly #watches: EntryWatches;
  readonly #watchers = new Map<bigint, Watcher>();
  readonly #queue: WatchRequest[] = [];
  readonly #whenTaken: (() => void)[] = [];
  readonly #progress: ProgressRequest[] = [];
  #beginning: Watcher | undefined;
  #isAsking = false;
  /** The last events that were made: watches of the same keys are sent the same ones. */
  #lastEvents: MadeEvents | undefined;
  /** Highest revision of the registry in a response with events or progress. */
  #sent = 0;
  #lastId = -1n;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(namespace: EtcdNamespace, output: WatchOutput) {
    this.#namespace = namespace;
    this.#output = output;
    this.#watches = namespace.openWatches();
  }

  /** Takes a request of the client. The promise, if one is returned, resolves when those that wait have had their turn. */
  take(request: WatchRequest): void | Promise<void> {
    if (this.#isClosed) return;
    this.#queue.push(request);
    this.#next();
    if (this.#queue.length <= ETCD_STREAM_BACKLOG_COUNT) return;
    return new Promise((resolve) => this.#whenTaken.push(resolve));
  }

  /** The client does not read: the registry keeps what follows. */
  pause(): void {
    this.#watches.pause();
  }

  resume(): void {
    this.#watches.resume();
  }

  /** Ends all watches, without a response. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#watches.close();
    this.#watchers.clear();
    this.#queue.length = 0;
    this.#taken();
  }

  #taken(): void {
    for (const resolve of this.#whenTaken.splice(0)) resolve();
  }

  #next(): void {
    while (this.#beginning === undefined && !this.#isAsking && !this.#isClosed) {
      const request = this.#queue.shift()?.requestUnion;
      if (this.#queue.length === 0) this.#taken();
      if (request === undefined) return;
      if (request.case === 'createRequest') this.#create(request.value);
      else if (request.case === 'cancelRequest') this.#cancel(request.value.watchId);
      else if (request.case === 'progressRequest') this.#askForProgress();
    }
  }

  #create(request: WatchCreateRequest): void {
    const interval = watchedInterval(request);
    const refusal = this.#problemOf(request, interval);
    if (refusal !== undefined) {
      this.#withRevision((revision) => this.#refuse(revision, refusal));
      return;
    }
    const id = request.watchId !== 0n ? request.watchId : this.#freeId();
    const start = startOf(request);
    const watcher: Watcher = {
      id,
      request,
      start,
      watch: undefined,
      hasBegun: false,
      isFresh: true,
      asked: 0,
      reached: 0,
    };
    this.#watchers.set(id, watcher);
    this.#beginning = watcher;
    watcher.watch = this.#watches.watch(
      { interval, after: start === undefined ? undefined : Math.max(0, start - 1), previous: request.prevKv },
      {
        begun: (revision) => this.#begun(watcher, revision),
        changed: (revision, changes) => this.#changed(watcher, revision, changes),
        reached: (revision) => this.#reached(watcher, revision),
        ended: (reason) => this.#ended(watcher, reason),
      },
    );
  }

  /** Returns etcd's reason to refuse a watch; undefined if there is none. */
  #problemOf({ watchId }: WatchCreateRequest, interval: KeyInterval): string | undefined {
    if (isEmptyInterval(interval)) return 'mvcc: watcher range is empty';
    if (watchId !== 0n && this.#watchers.has(watchId)) return 'mvcc: duplicate watch ID provided on the WatchStream';
    return this.#watchers.size >= ETCD_WATCHES_PER_STREAM_MAX_COUNT
      ? refusalOf(ETCD_ERRORS.tooManyRequests()).message
      : undefined;
  }

  #freeId(): bigint {
    do this.#lastId += 1n;
    while (this.#watchers.has(this.#lastId));
    return this.#lastId;
  }

  #begun(watcher: Watcher, revision: number): void {
    watcher.hasBegun = true;
    this.#respond(revision, { watchId: watcher.id, created: true });
    if (watcher.request.progressNotify) this.#timer ??= setInterval(() => this.#tick(), ETCD_PROGRESS_INTERVAL_MS);
    this.#isBegun(watcher);
  }

  #isBegun(watcher: Watcher): void {
    if (this.#beginning !== watcher) return;
    this.#beginning = undefined;
    this.#next();
  }

  #changed(watcher: Watcher, revision: number, changes: readonly EntryChange[]): void {
    const { request, start, id } = watcher;
    if (this.#isClosed || revision < (start ?? 0) || !this.#watchers.has(id)) return;
    const { header, events } = this.#eventsOf(changes, revision, request);
    watcher.reached = Math.max(watcher.reached, revision);
    if (events.length === 0) return;
    this.#sent = Math.max(this.#sent, revision);
    watcher.isFresh = true;
    const pieces = request.fragment ? fragments(events) : [events];
    for (const [index, piece] of pieces.entries()) {
      this.#send({ header, watchId: id, events: piece, fragment: index < pieces.length - 1 });
    }
  }

  /** Returns the events of a watch, and the header of their response. */
  #eventsOf(changes: readonly EntryChange[], revision: number, { filters, prevKv }: WatchCreateRequest): MadeEvents {
    const last = this.#lastEvents;
    if (last !== undefined && last.changes === changes && last.prevKv === prevKv && filters.length === 0) return last;
    const isLeftOut = { put: filters.includes(Filter.NOPUT), delete: filters.includes(Filter.NODELETE) };
    const seen = changes.filter(({ type }) => !isLeftOut[type]);
    const events = seen.map((change) => eventOf(change, revision, prevKv));
    const made = { changes, prevKv, header: responseHeader(this.#namespace.id, revision), events };
    if (filters.length === 0) this.#lastEvents = made;
    return made;
  }

  #reached(watcher: Watcher, revision: number): void {
    watcher.reached = Math.max(watcher.reached, revision);
    if (watcher.asked > 0) {
      watcher.asked -= 1;
      const request = this.#progress.find(({ waiting }) => waiting.has(watcher));
      if (request !== undefined) this.#answered(request, watcher);
      return;
    }
    if (!watcher.request.progressNotify || !this.#watchers.has(watcher.id)) return;
    watcher.isFresh = true;
    this.#sent = Math.max(this.#sent, revision);
    this.#respond(revision, { watchId: watcher.id });
  }

  #answered(request: ProgressRequest, watcher: Watcher): void {
    request.waiting.delete(watcher);
    while (this.#progress[0]?.waiting.size === 0) {
      const [first] = this.#progress;
      const behind = [...this.#watchers.values()].filter(({ reached }) => reached < this.#sent);
      // The answer is about all watches, so that it must not go back behind what one of them has sent meanwhile.
      if (behind.length > 0 && first.rounds < ETCD_PROGRESS_ROUNDS_MAX_COUNT) {
        this.#ask(first, behind);
        return;
      }
      this.#progress.shift();
      if (behind.length > 0 || this.#watchers.size === 0) continue;
      this.#sent = Math.min(...[...this.#watchers.values()].map(({ reached }) => reached));
      this.#respond(this.#sent, { watchId: NO_WATCH });
    }
  }

  /** Asks the watches that have been silent for their progress. */
  #tick(): void {
    for (const watcher of this.#watchers.values()) {
      if (!watcher.request.progressNotify || !watcher.hasBegun) continue;
      if (!watcher.isFresh) watcher.watch?.sync();
      watcher.isFresh = false;
    }
  }

  #askForProgress(): void {
    if (this.#watchers.size === 0) {
      this.#withRevision((revision) => this.#respond(revision, { watchId: NO_WATCH }));
      return;
    }
    const request = { waiting: new Set<Watcher>(), rounds: 0 };
    this.#progress.push(request);
    this.#ask(request, [...this.#watchers.values()]);
  }

  #ask(request: ProgressRequest, watchers: readonly Watcher[]): void {
    request.rounds += 1;
    for (const watcher of watchers) {
      request.waiting.add(watcher);
      watcher.asked += 1;
      watcher.watch?.sync();
    }
  }

  #cancel(id: bigint): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return;
    this.#withRevision((revision) => {
      if (!this.#watchers.has(id)) return;
      this.#forget(watcher);
      watcher.watch?.close();
      this.#respond(revision, { watchId: id, canceled: true });
    });
  }

  #ended(watcher: Watcher, reason: WatchEnd): void {
    if (this.#isClosed || !this.#watchers.has(watcher.id)) return;
    if (reason.kind === 'lost') {
      this.#fail(ETCD_ERRORS.serverStopped());
      return;
    }
    if (reason.kind === 'refused' && reason.error.code === 'UNAUTHENTICATED') {
      this.#fail(reason.error);
      return;
    }
    this.#forget(watcher);
    if (reason.kind === 'refused') {
      const cancelReason = refusedText(reason.error);
      this.#withRevision((revision) => {
        if (watcher.hasBegun) this.#respond(revision, { watchId: watcher.id, canceled: true, cancelReason });
        else this.#refuse(revision, cancelReason);
      });
    } else {
      this.#withRevision((revision) => this.#compacted(watcher, revision, reason.revision));
    }
    this.#isBegun(watcher);
  }

  #compacted({ id, hasBegun }: Watcher, revision: number, compactedRevision: number): void {
    if (!hasBegun) this.#respond(revision, { watchId: id, created: true });
    const compactRevision = responseHeader(this.#namespace.id, compactedRevision).revision;
    this.#respond(revision, { watchId: id, canceled: true, compactRevision });
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher.id);
    for (const request of [...this.#progress]) this.#answered(request, watcher);
  }

  #refuse(revision: number, cancelReason: string): void {
    this.#respond(revision, { watchId: NO_WATCH, created: true, canceled: true, cancelReason });
  }

  /** Finds out the newest revision, and then goes on with the requests. */
  #withRevision(act: (revision: number) => void): void {
    this.#isAsking = true;
    newestRevision(this.#namespace)
      .then((revision) => {
        this.#isAsking = false;
        if (this.#isClosed) return;
        act(revision);
        this.#next();
      })
      .catch((error: unknown) => this.#fail(hasCode(error, 'UNAUTHENTICATED') ? error : ETCD_ERRORS.serverStopped()));
  }

  #fail(error: RegistryError): void {
    if (this.#isClosed) return;
    this.close();
    this.#output.fail(error);
  }

  #respond(revision: number, members: Partial<Omit<WatchResponse, '$typeName' | '$unknown' | 'header'>>): void {
    if (this.#isClosed) return;
    this.#send({ header: responseHeader(this.#namespace.id, revision), ...members });
  }

  #send(members: Partial<Omit<WatchResponse, '$typeName' | '$unknown'>>): void {
    // A copy takes a fraction of the time that `create` does, of which a change to many watches would consist.
    this.#output.send({ ...NO_RESPONSE, ...members });
  }
}

/** Returns the revision of the registry with which a watch begins; undefined for the next one. */
function startOf({ startRevision }: WatchCreateRequest): number | undefined {
  return startRevision === 0n ? undefined : Math.min(registryRevision(startRevision), Number.MAX_SAFE_INTEGER);
}

/** Returns the keys of a watch. Without a key, it begins at the first one. */
function watchedInterval({ key, rangeEnd }: WatchCreateRequest): KeyInterval {
  const from = byteString(key);
  if (rangeEnd.length === 0) return intervalOf(from === '' ? '\u0000' : from);
  const to = byteString(rangeEnd);
  if (to === '\u0000') return { from: from === '\u0000' ? '' : from };
  return { from, to };
}

/** Returns the reason of a cancellation as etcd's server writes it: a status of gRPC as text. */
function refusedText(error: RegistryError): string {
  const { code, message } = refusalOf(error);
  return `rpc error: code = ${CODE_NAMES[code] ?? 'Unknown'} desc = ${message}`;
}

/** Names of codes in texts of Go's gRPC. */
const CODE_NAMES: Readonly<Record<number, string>> = {
  3: 'InvalidArgument',
  7: 'PermissionDenied',
  8: 'ResourceExhausted',
  9: 'FailedPrecondition',
  16: 'Unauthenticated',
};
