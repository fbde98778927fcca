import { BackOff } from './back-off';
import type { SocketLike } from './client-options';
import type { SocketListener, Unopened } from './open-socket';
import { RollcallError } from './rollcall-error';
import type { Time } from './time';
import type { WatchWireFrame, WireFrame } from './wire-frame';

/** Close code of a connection that broke without one (RFC 6455, 7.4.1). */
const BROKEN = 1006;

/** Default ping interval, without a session. */
const PING_INTERVAL_MS = 15_000;

/** Timeout of the response to a frame or a ping; after it the connection counts as broken. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Credit is returned in amounts of this size, for received data, processed or not; see `ServiceWatch`. */
const CREDIT_LUMP_BYTES = 1024 * 1024;

/** Close code whose reason is the time, in milliseconds, within which to reconnect. */
const SLOW_DOWN = 4009;

/** A user of the socket. It stays open while it has users. */
export interface LinkUser {
  /** Called when the socket is open, and again after each reconnect. */
  up(): void;
  /**
   * Called when the socket is closed or did not open; it reconnects on its own.
   *
   * @param code Close code; 1006 if it did not open.
   * @param isBlocked True if it did not open, although the registry responds over HTTP.
   */
  down(error: RollcallError, code: number, isBlocked?: boolean): void;
  /** Called when the registry has answered a ping that was sent at this time, on the clock of {@link Time.now}. */
  heard?(sentAt: number): void;
  /** True if the socket does not keep the process alive for this user. */
  readonly isBackground?: boolean;
}

/** A socket that is open, and control over the process in the runtimes that allow it. */
export type LinkSocket = Pick<SocketLike, 'send' | 'close'> & { keepAlive?: (isAwake: boolean) => void };

/** Opens a socket to a namespace. Never rejects. */
export type SocketOpener = (listener: SocketListener) => Promise<LinkSocket | Unopened>;

/** Receives the frames of a watch, and their sizes in characters. */
export type WatchListener = (frame: WatchWireFrame, size: number) => void;

interface PendingCall {
  resolve: (body: unknown) => void;
  reject: (error: RollcallError) => void;
}

/**
 * A shared socket to the registry: opened for the first user, closed with the last, and reopened whenever it breaks.
 * Pings detect half-open connections, which would otherwise stay unnoticed for a long time.
 */
export class SocketLink {
  readonly time: Time;
  readonly backOff: BackOff;
  pingIntervalMs: number = PING_INTERVAL_MS;
  /** Number of sockets opened so far; identifies the current one. */
  sockets = 0;
  readonly #openSocket: SocketOpener;
  readonly #url: string;
  readonly #users = new Set<LinkUser>();
  readonly #pending = new Map<string, PendingCall>();
  readonly #watches = new Map<string, WatchListener>();
  #socket: LinkSocket | undefined;
  /** The pending attempt to open a socket; earlier attempts are ignored. */
  #opening: symbol | undefined;
  #cancelRetry: (() => void) | undefined;
  #retryAt = 0;
  #cancelPing: (() => void) | undefined;
  #pingedAt: number | undefined;
  #names = 0;
  #received = 0;

  /** @param url URL of the registry, for messages. */
  constructor(openSocket: SocketOpener, url: string, time: Time) {
    this.#openSocket = openSocket;
    this.#url = url;
    this.time = time;
    this.backOff = new BackOff(time);
  }

  /** True once a socket has opened, so sockets can reach the registry. */
  get hasOpened(): boolean {
    return this.sockets > 0;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Reports whether the socket keeps the process alive. */
  get #isAwake(): boolean {
    return [...this.#users].some(({ isBackground }) => isBackground !== true);
  }

  /** Adds a user, and calls it when the socket is open: at once if it is already. */
  join(user: LinkUser): void {
    this.#users.add(user);
    this.#socket?.keepAlive?.(this.#isAwake);
    if (this.isOpen) user.up();
    else if (this.#cancelRetry === undefined) void this.#open();
    // The timer may have to keep the process alive from now on.
    else this.#retry();
  }

  /** Removes a user. The last one closes the socket, with this code. */
  leave(user: LinkUser, code = 1000): void {
    if (!this.#users.delete(user)) return;
    if (this.#users.size === 0) this.#close(code);
    else this.#socket?.keepAlive?.(this.#isAwake);
  }

  /** Returns a unique name for a frame or a watch of this link. */
  name(): string {
    this.#names += 1;
    return this.#names.toString(36);
  }

  /**
   * Sends a frame, and resolves to the body of its response.
   *
   * @throws {RollcallError} The error that refused the frame; `UNREACHABLE` if the socket is not open or breaks.
   */
  ask<Body>(frame: object): Promise<Body> {
    const socket = this.#socket;
    if (socket === undefined) return Promise.reject(this.#broken('it is not open'));
    const id = this.name();
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.send({ ...frame, id });
    const cancel = this.time.after(ANSWER_TIMEOUT_MS, () => {
      if (this.#pending.has(id)) this.#lost(socket, BROKEN, `no answer within ${ANSWER_TIMEOUT_MS} ms`);
    });
    return answer.finally(cancel) as Promise<Body>; // `as`: the caller knows the type of the response
  }

  /** Sends a frame that has no response. Does nothing if the socket is not open. */
  send(frame: object): void {
    this.#write(JSON.stringify(frame));
  }

  /** Sets the listener of a watch; undefined removes it. */
  listen(watch: string, listener: WatchListener | undefined): void {
    if (listener === undefined) this.#watches.delete(watch);
    else this.#watches.set(watch, listener);
  }

  /** Replaces the socket by a new one, after a pause. */
  reopen(reason: string): void {
    if (this.#socket !== undefined) this.#lost(this.#socket, BROKEN, reason);
  }

  #write(text: string): void {
    try {
      this.#socket?.send(text);
    } catch {
      // In some runtimes a closing socket throws; its close event follows.
    }
  }

  async #open(): Promise<void> {
    if (this.#opening !== undefined) return;
    const attempt = Symbol();
    this.#opening = attempt;
    let opened: LinkSocket | undefined;
    const listener = {
      message: (text: string) => {
        if (opened !== undefined && opened === this.#socket) this.#take(opened, text);
      },
      closed: (code: number, reason: string) => {
        if (opened !== undefined) this.#lost(opened, code, reason);
      },
      isAwake: () => this.#isAwake,
    };
    const outcome = await this.#openSocket(listener);
    if ('error' in outcome) {
      if (this.#opening !== attempt) return;
      this.#opening = undefined;
      this.#fail(outcome.error, BROKEN, outcome.isBlocked);
      return;
    }
    opened = outcome;
    // All users may have left meanwhile.
    if (this.#opening !== attempt) return opened.close(1000);
    this.#opening = undefined;
    this.#socket = opened;
    this.sockets += 1;
    opened.keepAlive?.(this.#isAwake);
    this.#schedulePing();
    for (const user of [...this.#users]) user.up();
  }

  #lost(socket: LinkSocket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    const error = this.#broken(reason === '' ? `it was closed with ${code}` : `${reason} (${code})`);
    if (code === SLOW_DOWN && Number(reason) > 0) this.backOff.spreadMs = Number(reason);
    this.#close(1000);
    this.#fail(error, code);
  }

  /** Notifies all users, and schedules the next attempt. */
  #fail(error: RollcallError, code: number, isBlocked?: boolean): void {
    for (const user of [...this.#users]) user.down(error, code, isBlocked);
    if (this.#users.size === 0 || this.#cancelRetry !== undefined || this.isOpen) return;
    this.#retryAt = this.time.now() + Math.max(this.backOff.next(), error.retryAfterMs ?? 0);
    this.#retry();
  }

  /** Schedules the next attempt. */
  #retry(): void {
    this.#cancelRetry?.();
    const act = () => {
      this.#cancelRetry = undefined;
      void this.#open();
    };
    this.#cancelRetry = this.time.after(Math.max(this.#retryAt - this.time.now(), 0), act, this.#isAwake);
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
    for (const { reject } of this.#pending.values()) reject(this.#broken('it was closed before the response'));
    this.#pending.clear();
  }

  #schedulePing(): void {
    this.#cancelPing?.();
    this.#cancelPing = this.time.after(this.pingIntervalMs, () => this.ping());
  }

  /** Pings the registry; without a response the socket counts as broken. */
  ping(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#pingedAt !== undefined) return;
    this.#pingedAt = this.time.now();
    this.#write('ping');
    const timeoutMs = Math.min(ANSWER_TIMEOUT_MS, this.pingIntervalMs);
    this.#cancelPing?.();
    this.#cancelPing = this.time.after(timeoutMs, () => this.#lost(socket, BROKEN, `no pong within ${timeoutMs} ms`));
  }

  #take(socket: LinkSocket, text: string): void {
    if (text === 'pong') {
      const sentAt = this.#pingedAt;
      this.#pingedAt = undefined;
      this.#schedulePing();
      if (sentAt !== undefined) for (const user of [...this.#users]) user.heard?.(sentAt);
      return;
    }
    let frame: WireFrame;
    try {
      frame = JSON.parse(text) as WireFrame; // `as`: the registry's own tests check its frames against the schema
    } catch {
      this.#lost(socket, BROKEN, 'it sent invalid JSON');
      return;
    }
    if (frame.type === 'answer' || frame.type === 'error') {
      this.#settle(frame);
      return;
    }
    this.#received += text.length;
    // A mark requests confirmation that everything before it was read. Older registries send none.
    const mark = frame.type === 'mark' ? frame.mark : undefined;
    if (mark !== undefined || this.#received >= CREDIT_LUMP_BYTES) {
      this.send({ type: 'credit', bytes: this.#received, mark });
      this.#received = 0;
    }
    if (frame.type === 'mark') return;
    this.#watches.get(frame.watch)?.(frame, text.length);
  }

  #settle(frame: Extract<WireFrame, { type: 'answer' | 'error' }>): void {
    const pending = this.#pending.get(frame.id ?? '');
    this.#pending.delete(frame.id ?? '');
    if (frame.type === 'error') {
      pending?.reject(new RollcallError(frame.code, frame.detail, { errors: frame.errors }));
      return;
    }
    this.backOff.reset();
    pending?.resolve(frame.body);
  }

  #broken(reason: string): RollcallError {
    return new RollcallError('UNREACHABLE', `no response over the socket to ${this.#url}: ${reason}`);
  }
}
