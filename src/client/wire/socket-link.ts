import { BackOff } from './back-off';
import type { ClientOptions, SocketLike } from './client-options';
import { BROKEN, openSocket } from './open-socket';
import type { RegistryHttp } from './registry-http';
import { RollcallError } from './rollcall-error';
import type { Time } from './time';
import type { WatchWireFrame, WireFrame } from './wire-frame';

/** How often to ping where no session says otherwise. */
const PING_INTERVAL_MS = 15_000;

/** A registry that has not answered a frame or a ping by then is taken for gone, whatever the connection says. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Credit goes back in lumps of this size: it is for what came, not for what was worked through; see `ServiceWatch`. */
const CREDIT_LUMP_BYTES = 1024 * 1024;

/** The close code that names, as its reason, the time in milliseconds within which to come back. */
const SLOW_DOWN = 4009;

/** Somebody who needs the socket. It stays open for as long as there is one. */
export interface LinkUser {
  /** The socket is open. Called again after each time it was not. */
  up(): void;
  /**
   * The socket is not open, or no longer; it is on its way back.
   *
   * @param code What it was closed with; 1006 where it did not open.
   */
  down(error: RollcallError, code: number): void;
  /** The registry has answered what was sent at this moment, on the clock of {@link Time.now}. */
  heard?(sentAt: number): void;
}

/** Takes the frames of one watch, and their size in letters. */
export type WatchListener = (frame: WatchWireFrame, size: number) => void;

interface Asked {
  resolve: (body: unknown) => void;
  reject: (error: RollcallError) => void;
}

/**
 * One socket to the registry, for all that needs one: opened with the first user, closed with the last, and opened again
 * whenever it breaks. A connection that says nothing is tried by pings, since one that is half open breaks by itself
 * only much later.
 */
export class SocketLink {
  readonly time: Time;
  readonly backOff: BackOff;
  pingIntervalMs: number = PING_INTERVAL_MS;
  /** Counts the sockets that have opened: tells one from the next. */
  sockets = 0;
  readonly #http: RegistryHttp;
  readonly #options: ClientOptions;
  readonly #subscriber: string;
  readonly #users = new Set<LinkUser>();
  readonly #asked = new Map<string, Asked>();
  readonly #watches = new Map<string, WatchListener>();
  #socket: SocketLike | undefined;
  /** The attempt to open, while there is one: what a past one tells is not listened to. */
  #opening: symbol | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelPing: (() => void) | undefined;
  #pingedAt: number | undefined;
  #names = 0;
  #received = 0;

  constructor(http: RegistryHttp, options: ClientOptions, time: Time, subscriber: string) {
    this.#http = http;
    this.#options = options;
    this.time = time;
    this.#subscriber = subscriber;
    this.backOff = new BackOff(time);
  }

  /** True once a socket has opened: there is a way to the registry that lets them through. */
  get hasOpened(): boolean {
    return this.sockets > 0;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Takes in a user, who is called when the socket is open: at once where it is. */
  join(user: LinkUser): void {
    this.#users.add(user);
    if (this.isOpen) user.up();
    else if (this.#cancelRetry === undefined) void this.#open();
  }

  /** Lets go of a user. The last one closes the socket, with this code. */
  leave(user: LinkUser, code = 1000): void {
    if (this.#users.delete(user) && this.#users.size === 0) this.#close(code);
  }

  /** A name that no other frame or watch of this link has. */
  name(): string {
    this.#names += 1;
    return this.#names.toString(36);
  }

  /**
   * Sends a frame, and resolves to the body of its answer.
   *
   * @throws {RollcallError} What the frame was refused with; `UNREACHABLE` where the socket is not open, or broke.
   */
  ask<Body>(frame: object): Promise<Body> {
    const socket = this.#socket;
    if (socket === undefined) return Promise.reject(broken('it is not open'));
    const id = this.name();
    const answer = new Promise<unknown>((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.tell({ ...frame, id });
    const cancel = this.time.after(ANSWER_TIMEOUT_MS, () => {
      if (this.#asked.has(id)) this.#lost(socket, BROKEN, `no answer within ${ANSWER_TIMEOUT_MS} ms`);
    });
    return answer.finally(cancel) as Promise<Body>; // `as`: whoever asks knows what is answered
  }

  /** Sends a frame that has no answer. Where the socket is not open, nothing happens. */
  tell(frame: object): void {
    this.#send(JSON.stringify(frame));
  }

  /** Listens to the frames of a watch, until the listener is taken away. */
  listen(watch: string, listener: WatchListener | undefined): void {
    if (listener === undefined) this.#watches.delete(watch);
    else this.#watches.set(watch, listener);
  }

  /** Begins anew with another socket, after a pause: what this one says is of no use. */
  reopen(reason: string): void {
    if (this.#socket !== undefined) this.#lost(this.#socket, BROKEN, reason);
  }

  #send(text: string): void {
    try {
      this.#socket?.send(text);
    } catch {
      // A socket that is closing throws in some runtimes, and tells of its close next.
    }
  }

  async #open(): Promise<void> {
    if (this.#opening !== undefined) return;
    const attempt = Symbol();
    this.#opening = attempt;
    let opened: SocketLike | undefined;
    try {
      opened = await openSocket(this.#http, this.#options, this.time, this.#subscriber, {
        message: (text) => {
          if (opened !== undefined && opened === this.#socket) this.#take(opened, text);
        },
        closed: (code, reason) => {
          if (opened !== undefined) this.#lost(opened, code, reason);
        },
      });
    } catch (error) {
      if (this.#opening !== attempt) return;
      this.#opening = undefined;
      this.#fail(RollcallError.from(error, 'the socket did not open'), BROKEN);
      return;
    }
    // Whoever wanted it may have left meanwhile.
    if (this.#opening !== attempt) return opened.close(1000);
    this.#opening = undefined;
    this.#socket = opened;
    this.sockets += 1;
    this.#schedulePing();
    for (const user of [...this.#users]) user.up();
  }

  #lost(socket: SocketLike, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    const error = broken(reason === '' ? `it was closed with ${code}` : `${reason} (${code})`);
    if (code === SLOW_DOWN && Number(reason) > 0) this.backOff.spreadMs = Number(reason);
    this.#close(1000);
    this.#fail(error, code);
  }

  /** Tells everybody, and tries again in a while. */
  #fail(error: RollcallError, code: number): void {
    for (const user of [...this.#users]) user.down(error, code);
    if (this.#users.size === 0 || this.#cancelRetry !== undefined || this.isOpen) return;
    const pauseMs = Math.max(this.backOff.next(), error.retryAfterMs ?? 0);
    this.#cancelRetry = this.time.after(
      pauseMs,
      () => {
        this.#cancelRetry = undefined;
        void this.#open();
      },
      true,
    );
  }

  #close(code: number): void {
    this.#opening = undefined;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#cancelPing?.();
    this.#pingedAt = undefined;
    this.#received = 0;
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      socket?.close(code);
    } catch {
      // It is closed already.
    }
    for (const { reject } of this.#asked.values()) reject(broken('it was closed before the answer'));
    this.#asked.clear();
  }

  #schedulePing(): void {
    this.#cancelPing?.();
    this.#cancelPing = this.time.after(this.pingIntervalMs, () => this.ping());
  }

  /** Asks whether the registry is there. It answers, or the socket is given up. */
  ping(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#pingedAt !== undefined) return;
    this.#pingedAt = this.time.now();
    this.#send('ping');
    const timeoutMs = Math.min(ANSWER_TIMEOUT_MS, this.pingIntervalMs);
    this.#cancelPing?.();
    this.#cancelPing = this.time.after(timeoutMs, () => this.#lost(socket, BROKEN, `no pong within ${timeoutMs} ms`));
  }

  #take(socket: SocketLike, text: string): void {
    if (text === 'pong') {
      const sentAt = this.#pingedAt;
      this.#pingedAt = undefined;
      this.#schedulePing();
      if (sentAt !== undefined) for (const user of [...this.#users]) user.heard?.(sentAt);
      return;
    }
    let frame: WireFrame;
    try {
      frame = JSON.parse(text) as WireFrame; // `as`: the registry's own tests hold its frames against the schema
    } catch {
      this.#lost(socket, BROKEN, 'it sent what is no JSON');
      return;
    }
    if (frame.type === 'answer' || frame.type === 'error') {
      this.#settle(frame);
      return;
    }
    this.#received += text.length;
    // A mark asks for a sign that all before it was read. An earlier registry sends none: it gets credit in lumps alone.
    const mark = frame.type === 'mark' ? frame.mark : undefined;
    if (mark !== undefined || this.#received >= CREDIT_LUMP_BYTES) {
      this.tell({ type: 'credit', bytes: this.#received, mark });
      this.#received = 0;
    }
    if (frame.type === 'mark') return;
    this.#watches.get(frame.watch)?.(frame, text.length);
  }

  #settle(frame: Extract<WireFrame, { type: 'answer' | 'error' }>): void {
    const asked = this.#asked.get(frame.id ?? '');
    this.#asked.delete(frame.id ?? '');
    if (frame.type === 'error') {
      asked?.reject(new RollcallError(frame.code, frame.detail, { errors: frame.errors }));
      return;
    }
    this.backOff.reset();
    asked?.resolve(frame.body);
  }
}

function broken(reason: string): RollcallError {
  return new RollcallError('UNREACHABLE', `the socket to the registry gave no answer: ${reason}`);
}
