import { signal } from '@preact/signals';
import type { RollcallError } from '../../client/admin';
import { ServiceWatch } from '../../client/watch/service-watch';
import { SocketSource } from '../../client/watch/socket-source';
import { StreamSource } from '../../client/watch/stream-source';
import type { Sourceless, WireScope } from '../../client/watch/watch';
import { ClientCore } from '../../client/wire/client-core';
import { REAL_TIME } from '../../client/wire/time';
import { trySocket } from '../../client/wire/try-socket';
import type { ScopeChanges, ScopeFrame } from '../../client/wire/wire-frame';
import { ORIGIN, session } from './session';
import { TicketSocket } from './ticket-socket';

/** Time after which a hidden tab closes its connection. */
const HIDDEN_MS = 5 * 60_000;

/** Time for which a connection outlives a page, so that the next page uses it, too, even if it loads slowly. */
const LINGER_MS = 10_000;

/** Time after which a page without live data shows that, so that the state does not change between two live pages. */
const NONE_AFTER_MS = 1_000;

/** Time after which a lost connection is shown. */
const LOST_AFTER_MS = 2_000;

/** State of the tab's connection. */
export interface Connection {
  /** `none`: this page shows nothing live. `lost`: it reconnects, and will miss nothing. */
  state: 'none' | 'connecting' | 'live' | 'lost';
  /** Time of the newest data, in milliseconds since the epoch. */
  asOf: number;
}

/** State of the tab's connection, for the header. */
export const connection = signal<Connection>({ state: 'none', asOf: Date.now() });

/** A watch of a page. */
export interface FeedRequest {
  ns: string;
  /** Empty: the whole namespace. */
  scope: WireScope;
  /** Position of the data that the page has read. */
  cursor: string;
  /** Called for each revision, in order. */
  onChanges: (frame: ScopeChanges) => void;
  /** Called if the position is no longer known: the page must read its data again. The feed has ended. */
  onReset: () => void;
  /** Called when the registry refuses the watch for good. */
  onRefused: (error: RollcallError) => void;
}

/** The connection to a namespace: one socket for all watches of the tab. */
let core: { ns: string; token: string; core: ClientCore } | undefined;

/** Open feeds. The newest one determines the state that is shown. */
const feeds = new Set<Feed>();

function coreOf(ns: string): ClientCore {
  const token = session.peek()?.token ?? '';
  if (core === undefined || core.ns !== ns || core.token !== token) {
    const options = {
      url: ORIGIN,
      namespace: ns,
      // For the carriers that are used where no socket opens.
      token,
      WebSocket: TicketSocket,
      subscriber: `console-${crypto.randomUUID().slice(0, 8)}`,
    };
    core = { ns, token, core: new ClientCore(options, REAL_TIME) };
  }
  return core.core;
}

/** Starts the shared socket or, if none opens, an event stream: a browser needs none of the client's other transports. */
async function chooseSource({ core, scope, options, sink, signal, begin }: Sourceless): Promise<void> {
  const link = core.link();
  const request = { scope, observer: options.observer, counts: options.counts };
  const use = () => begin(new SocketSource(link, request, sink, false));
  if (!(await trySocket(core, link, { signal, use, failed: (error) => sink.down(error) })))
    begin(new StreamSource(core.http, core.time, core.nextSubscriber(), request, sink));
}

class Feed {
  readonly #request: FeedRequest;
  #cursor: string;
  #watch: ServiceWatch<ScopeFrame> | undefined;

  constructor(request: FeedRequest) {
    this.#request = request;
    this.#cursor = request.cursor;
  }

  start(): void {
    if (this.#watch !== undefined) return;
    const { ns, scope, onChanges, onReset, onRefused } = this.#request;
    const isCurrent = () => this.#watch === watch;
    const watch: ServiceWatch<ScopeFrame> = new ServiceWatch<ScopeFrame>(
      coreOf(ns),
      scope,
      {
        cursor: this.#cursor,
        observer: true,
        counts: true,
        onFrame: (frame) => {
          if (!isCurrent()) return;
          if (frame.type === 'reset' || frame.type === 'snapshot') {
            this.close();
            onReset();
            return;
          }
          this.#cursor = frame.cursor;
          if (frame.type === 'changes') onChanges(frame);
          watch.acknowledge(frame.cursor);
          touch();
        },
        onStatus: ({ state }) => {
          if (isCurrent()) show(state === 'connected' ? 'live' : 'lost');
        },
        onEnd: (error) => {
          if (error === undefined || !isCurrent()) return;
          this.close();
          onRefused(error);
        },
      },
      () => {},
      chooseSource,
    );
    this.#watch = watch;
  }

  stop(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    watch?.close();
  }

  /** Ends the feed. Its connection stays open for a moment. */
  close(): void {
    if (!feeds.delete(this)) return;
    const watch = this.#watch;
    this.#watch = undefined;
    setTimeout(() => {
      watch?.close();
      // It holds a token, also after signing out.
      if (feeds.size === 0) core = undefined;
    }, LINGER_MS);
    setTimeout(() => {
      if (feeds.size === 0) show('none');
    }, NONE_AFTER_MS);
  }
}

/** Opens a feed. Returns the function that closes it. */
export function openFeed(request: FeedRequest): () => void {
  const feed = new Feed(request);
  feeds.add(feed);
  if (connection.peek().state === 'none') show('connecting');
  feed.start();
  return () => feed.close();
}

let lossTimer: ReturnType<typeof setTimeout> | undefined;

/** Sets the state that is shown; a loss only after a pause, as most connections are back at once. */
function show(state: Connection['state']): void {
  const set = () => {
    // The data are as old as the loss, not as its report.
    connection.value = { state, asOf: state === 'lost' ? connection.peek().asOf : Date.now() };
  };
  if (state === 'lost') {
    // Further failures to connect do not extend the pause.
    lossTimer ??= setTimeout(set, LOST_AFTER_MS);
    return;
  }
  clearTimeout(lossTimer);
  lossTimer = undefined;
  set();
}

/** Notes that the data are current. */
function touch(): void {
  connection.peek().asOf = Date.now();
}

let hiddenTimer: ReturnType<typeof setTimeout> | undefined;

const stopAll = () => {
  for (const feed of feeds) feed.stop();
};
const startAll = () => {
  for (const feed of feeds) feed.start();
};

/** Closes the connection while the page is hidden or frozen, and resumes it from its cursor. */
export function followVisibility(): void {
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(stopAll, HIDDEN_MS);
    else startAll();
  });
  document.addEventListener('freeze', stopAll);
  document.addEventListener('resume', startAll);
  addEventListener('pagehide', stopAll);
  addEventListener('pageshow', startAll);
}
