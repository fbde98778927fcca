import { revisionOf } from '../../model/cursor';
import { keyOf } from '../../model/entry';
import { RegistryError, type RegistryErrorCode } from '../../model/errors';
import { CLOSE_CODES, type ServerFrame, type WatchBegun, type WatchedChange } from '../../model/frames';
import { keyScopeOf } from '../../model/key-scope';
import { WATCHES_PER_SOCKET_MAX_COUNT } from '../../model/limits';
import type { NamespaceSocket, SocketListener } from '../../model/namespace-sockets';
import type {
  EntryChange,
  EntryWatch,
  EntryWatches,
  EntryWatchListener,
  EntryWatchRequest,
  WatchEnd,
} from './etcd-namespace';

/** Opens a socket to the namespace, with the permissions of the caller. It carries the frames of `model/frames.ts`. */
export type OpenSocket = (listener: SocketListener) => Promise<NamespaceSocket>;

type ChangesFrame = Extract<ServerFrame, { type: 'changes' }>;

/** Credit is returned in amounts of this size: each frame of credit costs the registry a message. */
const CREDIT_LUMP_BYTES = 1024 * 1024;

/** Watches of a client over sockets of the namespace, which know how much of them has been read. */
export class FrameWatches implements EntryWatches {
  readonly #open: OpenSocket;
  readonly #sockets: WatchSocket[] = [];
  /** Watches that begin again once their client reads. */
  readonly #setAside: (() => void)[] = [];
  #isPaused = false;
  #isClosed = false;

  constructor(open: OpenSocket) {
    this.#open = open;
  }

  watch(request: EntryWatchRequest, listener: EntryWatchListener): EntryWatch {
    let isClosed = false;
    const place: WatchPlace = { ...request, hasBegun: false, syncsCount: 0 };
    // How many watches a socket holds depends on their keys, too: it is full once it has refused one.
    const move = (): void => {
      if (isClosed || this.#isClosed) return;
      // A client that reads nothing would be sent a new socket's first credit again and again.
      if (this.#isPaused) this.#setAside.push(move);
      else current = this.#roomy().watch(place, listener, move);
    };
    let current = this.#roomy().watch(place, listener, move);
    return {
      sync: () => {
        place.syncsCount += 1;
        current.sync();
      },
      close: () => {
        isClosed = true;
        current.close();
      },
    };
  }

  /** Returns a socket with room for another watch. */
  #roomy(): WatchSocket {
    const found = this.#sockets.find(({ hasRoom }) => hasRoom);
    if (found !== undefined) return found;
    const made: WatchSocket = new WatchSocket(this.#open, () => {
      const at = this.#sockets.indexOf(made);
      if (at >= 0) this.#sockets.splice(at, 1);
    });
    made.isPaused = this.#isPaused;
    this.#sockets.push(made);
    return made;
  }

  pause(): void {
    this.#isPaused = true;
    for (const socket of this.#sockets) socket.isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const socket of this.#sockets) socket.resume();
    for (const move of this.#setAside.splice(0)) move();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const socket of [...this.#sockets]) socket.close();
  }
}

/** Keys of a watch, and how far it has come, on whichever socket. */
interface WatchPlace extends EntryWatchRequest {
  /** Revision up to which the client has all changes; undefined until the watch has begun. */
  after?: number | undefined;
  hasBegun: boolean;
  /** Requests for progress without an answer. */
  syncsCount: number;
}

/** A watch on a socket. */
interface SocketWatch {
  readonly place: WatchPlace;
  readonly listener: EntryWatchListener;
  /** Begins the watch on another socket. */
  readonly move: () => void;
  /** Changes of a revision that comes in several frames. */
  parts: EntryChange[];
}

/** One socket with its watches. */
class WatchSocket {
  isPaused = false;
  readonly #watches = new Map<string, SocketWatch>();
  readonly #gone: () => void;
  /** Frames that were sent before the socket was open. */
  #unsent: string[] | undefined = [];
  #socket: NamespaceSocket | undefined;
  #isClosed = false;
  #isFull = false;
  #hasDelivered = false;
  #names = 0;
  #credit = 0;
  readonly #marks: string[] = [];

  /** @param gone Called once it can't be used any more. */
  constructor(open: OpenSocket, gone: () => void) {
    this.#gone = gone;
    open({ frame: (text) => this.#take(text), closed: (code) => this.#lost(code) }).then(
      (socket) => this.#opened(socket),
      (error: unknown) => this.#end(endBy(error)),
    );
  }

  get hasRoom(): boolean {
    return !this.#isFull && this.#names < WATCHES_PER_SOCKET_MAX_COUNT;
  }

  /** @param move Called if the watch belongs on another socket: this one has no room for it, or was closed as too slow. */
  watch(place: WatchPlace, listener: EntryWatchListener, move: () => void): EntryWatch {
    const { interval, after, previous, syncsCount } = place;
    // Names count up, so that watches of different clients have the same, and with them the same frames.
    const name = this.#names.toString(36);
    this.#names += 1;
    this.#watches.set(name, { place, listener, move, parts: [] });
    const from = after === undefined ? { fromNow: true } : { afterRevision: after };
    this.#send({
      type: 'watch',
      id: name,
      watch: name,
      scope: { keys: [keyScopeOf(interval)] },
      previous: previous || undefined,
      observer: true,
      ...from,
    });
    const sync = () => this.#send({ type: 'sync', id: `s${name}`, watch: name });
    for (let count = 0; count < syncsCount; count++) sync();
    return {
      sync,
      close: () => {
        if (this.#watches.delete(name)) this.#send({ type: 'unwatch', id: `u${name}`, watch: name });
        if (this.#watches.size === 0 && !this.hasRoom) this.close();
      },
    };
  }

  resume(): void {
    this.isPaused = false;
    for (const mark of this.#marks.splice(0)) this.#grant(mark);
    // Whatever it is: a registry that has much unread elsewhere may wait for less than a lump.
    if (this.#credit > 0) this.#grant();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#gone();
    this.#watches.clear();
    this.#socket?.close(1000, 'the watch is over');
  }

  #opened(socket: NamespaceSocket): void {
    if (this.#isClosed) {
      socket.close(1000, 'the watch is over');
      return;
    }
    this.#socket = socket;
    for (const text of this.#unsent ?? []) socket.send(text);
    this.#unsent = undefined;
  }

  #send(frame: object): void {
    if (this.#isClosed) return;
    const text = JSON.stringify(frame);
    if (this.#socket === undefined) this.#unsent?.push(text);
    else this.#socket.send(text);
  }

  #take(text: string): void {
    if (this.#isClosed) return;
    this.#credit += text.length;
    const frame = readFrame(text);
    this.#act(frame);
    if (frame.type === 'mark') {
      if (this.isPaused) this.#marks.push(frame.mark);
      else this.#grant(frame.mark);
    } else if (!this.isPaused && this.#credit >= CREDIT_LUMP_BYTES) this.#grant();
  }

  #grant(mark?: string): void {
    const bytes = Math.max(1, this.#credit);
    this.#credit = 0;
    this.#send({ type: 'credit', bytes, mark });
  }

  #act(frame: ServerFrame): void {
    if (frame.type === 'answer') {
      const watch = this.#watches.get(frame.id);
      if (watch === undefined || watch.place.hasBegun) return;
      watch.place.hasBegun = true;
      const { revision = 0 } = frame.body as WatchBegun; // `as`: the answer to a watch
      watch.place.after ??= revision;
      watch.listener.begun(revision);
      return;
    }
    if (frame.type === 'error') {
      if (frame.id !== undefined) this.#refused(frame.id, frame);
      return;
    }
    if (!('watch' in frame)) return;
    const watch = this.#watches.get(frame.watch);
    if (watch === undefined) return;
    if (frame.type === 'changes') this.#changed(watch, frame);
    else if (frame.type === 'bookmark') this.#reached(watch, revisionOf(frame.cursor));
    else if (frame.type === 'reset') this.#compacted(frame.watch, frame.compactedRevision);
  }

  #changed(watch: SocketWatch, frame: ChangesFrame): void {
    const changes = changesIn(frame);
    if (frame.last === false) {
      watch.parts.push(...changes);
      return;
    }
    const whole = watch.parts.length === 0 ? changes : [...watch.parts.splice(0), ...changes];
    watch.place.after = frame.revision;
    this.#hasDelivered = true;
    watch.listener.changed(frame.revision, whole);
  }

  #reached({ place, listener }: SocketWatch, revision: number): void {
    place.after = revision;
    place.syncsCount = Math.max(0, place.syncsCount - 1);
    listener.reached(revision);
  }

  #refused(name: string, { code, detail, compactedRevision }: Extract<ServerFrame, { type: 'error' }>): void {
    if (code === 'COMPACTED') {
      this.#compacted(name, compactedRevision);
      return;
    }
    const watch = this.#watches.get(name);
    if (watch === undefined) return;
    this.#watches.delete(name);
    // One by itself would be refused by any socket.
    if (code === 'LIMIT_EXCEEDED' && this.#watches.size > 0) {
      this.#isFull = true;
      watch.move();
      return;
    }
    // `as`: the namespace uses the same codes as everything else.
    watch.listener.ended(endBy(new RegistryError(code as RegistryErrorCode, detail)));
  }

  #compacted(name: string, revision = 0): void {
    const watch = this.#watches.get(name);
    this.#watches.delete(name);
    watch?.listener.ended({ kind: 'compacted', revision });
  }

  #lost(code: number): void {
    // As in etcd, a slow watch catches up. On a socket that delivers nothing before it is closed, it never would.
    if (code === CLOSE_CODES.slowConsumer && this.#hasDelivered) {
      this.#isClosed = true;
      this.#gone();
      for (const { move } of this.#watches.values()) move();
      return;
    }
    const error = new RegistryError('UNAUTHENTICATED', 'the token is not valid any more');
    this.#end(code === CLOSE_CODES.unauthorized ? { kind: 'refused', error } : { kind: 'lost' });
  }

  #end(reason: WatchEnd): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#gone();
    const ended = [...this.#watches.values()];
    this.#watches.clear();
    for (const { listener } of ended) listener.ended(reason);
  }
}

/** Returns the end that an error comes to. A registry that is out of reach may be back at the next attempt. */
function endBy(error: unknown): WatchEnd {
  const isFinal = error instanceof RegistryError && error.code !== 'UNAVAILABLE';
  return isFinal ? { kind: 'refused', error } : { kind: 'lost' };
}

/** Beginning of a frame with changes, before the name of its watch. */
const CHANGES_HEAD = '{"type":"changes","watch":"';

/** Frames of the same change differ in the name of the watch alone, so what follows it is kept parsed. */
let lastTail = '';
let lastFrame: ChangesFrame | undefined;
const decoded = new WeakMap<ChangesFrame['changes'], readonly EntryChange[]>();

function readFrame(text: string): ServerFrame {
  if (!text.startsWith(CHANGES_HEAD)) return JSON.parse(text) as ServerFrame; // `as`: a namespace's frames are checked by its own tests
  // Names have no characters that JSON escapes: this side has made them.
  const end = text.indexOf('"', CHANGES_HEAD.length);
  const tail = text.slice(end);
  if (lastFrame !== undefined && tail === lastTail)
    return { ...lastFrame, watch: text.slice(CHANGES_HEAD.length, end) };
  lastFrame = JSON.parse(text) as ChangesFrame; // `as`: its type is in the head
  lastTail = tail;
  return lastFrame;
}

/** Returns the changes of entries in a frame: the same array for all watches that are sent the same changes. */
function changesIn({ changes }: ChangesFrame): readonly EntryChange[] {
  const known = decoded.get(changes);
  if (known !== undefined) return known;
  const ofEntries = changes.flatMap(entryChange);
  decoded.set(changes, ofEntries);
  return ofEntries;
}

function entryChange(change: WatchedChange): EntryChange[] {
  if (change.kind !== 'entry') return [];
  const { type, before } = change;
  return [{ type, key: keyOf(change), before, ...(type === 'put' && { after: change.after }) }];
}
