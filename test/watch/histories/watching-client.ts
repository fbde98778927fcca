import { type ServerFrame, WatchScope } from '../../../src/model/frames';
import { CREDIT_INITIAL_BYTES } from '../../../src/model/limits';
import { socketPurpose } from '../../fixtures/socket-purpose';
import type { SeededRandom } from '../../simulation/seeded-random';
import type { Sent } from '../../simulation/simulated-sockets';
import { SocketPeer } from '../../simulation/socket-peer';
import type { World } from '../../simulation/world';
import { type Link, received, type StreamHistory } from './stream-history';

/** Behavior of a client. */
export interface Manner {
  /** Time until it grants credit for received data; 0 for at once. */
  slownessMs: number;
  /** True if it ends watches and begins others on the same socket. */
  replaces: boolean;
  /** Lifetime of its sockets, and pause between two. */
  socketMs: { from: number; to: number };
  awayMs: { from: number; to: number };
  /** Number of watches on one socket. */
  watches: number;
}

/** One of its watches, with the state to resume it. */
interface Stream {
  /** Its name on the socket, unique for the client, as frames of an ended watch may still arrive. */
  watch: string;
  history: StreamHistory;
  link: Link | undefined;
  /** The last cursor that counts. */
  cursor: string | undefined;
}

/**
 * A client that watches at its own pace, over sockets that break and are opened again at its last cursor. Records all
 * received frames.
 */
export class WatchingClient {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #name: string;
  readonly #manner: Manner;
  readonly #someScope: () => object;
  readonly #recorded: StreamHistory[] = [];
  #streams: Stream[] = [];
  #peer: SocketPeer | undefined;
  #isEnding = false;
  /** Earlier cursors, from which it may resume again. */
  readonly #oldCursors: string[] = [];

  constructor(world: World, name: string, manner: Manner, someScope: () => object) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#name = name;
    this.#manner = manner;
    this.#someScope = someScope;
    for (let watch = 0; watch < manner.watches; watch++) this.#begin(undefined);
  }

  /** Returns the histories of all of its watches. */
  get streams(): StreamHistory[] {
    return this.#recorded;
  }

  async live(): Promise<void> {
    const { socketMs, awayMs } = this.#manner;
    await this.#world.sleep(this.#random.between(0, 20_000));
    for (;;) {
      await this.#world.untilUp();
      const peer = this.#open();
      const until = this.#world.time.now + this.#random.magnitude(socketMs.from, socketMs.to);
      while (peer.isOpen && (this.#isEnding || this.#world.time.now < until)) await this.#act(peer);
      this.#leave(peer);
      if (!this.#isEnding) await this.#world.sleep(this.#random.magnitude(awayMs.from, awayMs.to));
    }
  }

  /** Makes it patient from now on: it keeps its socket, grants all credit, and requests everything. */
  settle(): void {
    this.#isEnding = true;
    this.#askForAll();
  }

  #askForAll(): void {
    const peer = this.#peer;
    if (peer === undefined || !peer.isOpen) return;
    peer.send({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    for (const { watch, history } of this.#streams) {
      history.settledAt = this.#world.machine.disk.durable;
      void peer.ask({ type: 'sync', watch });
    }
  }

  #begin(base: string | undefined, scope = WatchScope.parse(this.#someScope())): Stream {
    const watch = `w${this.#recorded.length}`;
    const name = `${this.#name} ${watch} ${JSON.stringify(asSent(scope))}`;
    const history: StreamHistory = {
      name,
      scope,
      previous: scope.keys !== undefined && this.#random.chance(0.5),
      isEager: this.#manner.slownessMs === 0,
      base,
      links: [],
      settledAt: 0,
    };
    const stream: Stream = { watch, history, link: undefined, cursor: base };
    this.#recorded.push(history);
    this.#streams.push(stream);
    return stream;
  }

  #open(): SocketPeer {
    const purpose = socketPurpose({ subscriber: this.#name, caller: { tokenId: 'watcher' } });
    const peer = new SocketPeer(this.#world, purpose, (frame, sent) => this.#receive(peer, frame, sent));
    this.#peer = peer;
    for (const stream of this.#streams) this.#watch(peer, stream);
    if (this.#isEnding) this.#askForAll();
    return peer;
  }

  #watch(peer: SocketPeer, stream: Stream): void {
    const { watch, cursor, history } = stream;
    const link: Link = { cursor, openedAt: this.#world.time.now, syncs: [], received: [] };
    stream.link = link;
    history.links.push(link);
    void peer.ask({ type: 'watch', watch, scope: asSent(history.scope), cursor, previous: history.previous });
  }

  /** Makes one of a client's usual actions, or waits for a while. */
  async #act(peer: SocketPeer): Promise<void> {
    await Promise.race([this.#world.sleep(this.#random.magnitude(200, 10_000)), peer.closed()]);
    if (!peer.isOpen || this.#isEnding) return;
    const stream = this.#streams[this.#random.whole(0, this.#streams.length - 1)];
    if (stream === undefined) return;
    const event = this.#random.weighted({
      nothing: 10,
      sync: 3,
      acknowledge: 4,
      replace: this.#manner.replaces ? 1 : 0,
    });
    const { watch, cursor } = stream;
    if (event === 'sync') this.#sync(peer, stream);
    else if (event === 'acknowledge' && cursor !== undefined) peer.send({ type: 'ack', watch, cursor });
    else if (event === 'replace') this.#replace(peer, stream);
  }

  #sync(peer: SocketPeer, { watch, link }: Stream): void {
    link?.syncs.push({ at: this.#world.time.now, durable: this.#world.machine.disk.durable });
    void peer.ask({ type: 'sync', watch });
  }

  /** Ends a watch and begins another: from a snapshot, or from an old cursor. */
  #replace(peer: SocketPeer, stream: Stream): void {
    void peer.ask({ type: 'unwatch', watch: stream.watch });
    this.#end(stream);
    this.#streams = this.#streams.filter((each) => each !== stream);
    const old = this.#oldCursors[this.#random.whole(0, this.#oldCursors.length * 2)];
    this.#watch(peer, this.#begin(old));
  }

  #receive(peer: SocketPeer, frame: ServerFrame, sent: Sent): void {
    const { slownessMs } = this.#manner;
    const size = JSON.stringify(frame).length;
    const mark = frame.type === 'mark' ? frame.mark : undefined;
    const grant = () => peer.send({ type: 'credit', bytes: size, mark });
    if (slownessMs === 0 || this.#isEnding) grant();
    else this.#world.time.after(slownessMs * this.#random.between(0.5, 2), grant);
    if (!('watch' in frame)) return;
    const stream = this.#streams.find(({ watch }) => watch === frame.watch);
    const recorded = received(frame, this.#world.time.now, sent);
    if (stream?.link === undefined || recorded === undefined) return;
    stream.link.received.push(recorded);
    if (recorded.type === 'reset') stream.cursor = undefined;
    else if (recorded.type === 'bookmark' || recorded.last) {
      stream.cursor = recorded.cursor;
      this.#oldCursors.push(recorded.cursor);
    }
  }

  #end(stream: Stream, closedWith?: number): void {
    if (stream.link !== undefined) Object.assign(stream.link, { closedAt: this.#world.time.now, closedWith });
    stream.link = undefined;
  }

  /** Closes or breaks its socket, or leaves it open like a client that is gone. */
  #leave(peer: SocketPeer): void {
    const { closedWith } = peer;
    if (this.#random.chance(0.7)) peer.cut();
    else peer.close(1000);
    for (const stream of this.#streams) this.#end(stream, closedWith);
  }
}

/** Returns a scope as a client writes it. */
function asSent({ groups, services, keys }: WatchScope) {
  return {
    groups,
    services: services.map(({ group, service }) => `${group}@@${service}`),
    ...(keys && {
      keys: keys.map(({ from, to }) => ({
        from: btoa(from),
        ...(to !== undefined && { to: btoa(to) }),
        base64: true,
      })),
    }),
  };
}
