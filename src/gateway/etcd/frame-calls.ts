import { WebSocket } from 'ws';
import { type Client, rollcall } from '../../client/client';
import type { WebSocketConstructor } from '../../client/wire/client-options';
import { coreOf } from '../../client/wire/core-of';
import { openSocket } from '../../client/wire/open-socket';
import type { LinkUser, SocketLink } from '../../client/wire/socket-link';
import { type Deferred, deferred } from '../../model/deferred';
import { isRefusal, RegistryError } from '../../model/errors';
import { PING, PONG } from '../../model/frames';
import { GATEWAY_CALL_OPEN_MAX_MS } from '../../model/limits';
import type { NamespaceSocket, SocketListener } from '../../model/namespace-sockets';
import { registryError, unreachable } from '../sources/remote-errors';

/** Parameters of {@link FrameCalls}. */
export interface FrameCallsOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  namespace: string;
  token: string;
}

/** Interval at which sockets of watches are pinged, and the time for the reply. */
const PING_INTERVAL_MS = 15_000;

/** Close code for a connection that broke without one (RFC 6455, 7.4.1). */
const BROKEN = 1006;

/**
 * Calls to one namespace of a registry elsewhere, with one token: as frames on one socket, which is open while it is used. Each
 * watch of a client has a socket of its own, so that its reader slows no other down.
 */
export class FrameCalls {
  readonly #client: Client;
  readonly #link: SocketLink;
  readonly #user: LinkUser;
  /** Settled when the socket is open, or did not open; another one after each break. */
  #open: Deferred<void> = deferred();
  /** Error of the last attempt; undefined while the socket is open. */
  #failure: RegistryError | undefined;
  /** Functions that end the sockets of watches as lost. */
  readonly #watches = new Set<() => void>();
  #isClosed = false;

  constructor({ url, namespace, token }: FrameCallsOptions) {
    // Node has no WebSocket of its own before version 22. `as`: that of `ws` has the members that the client uses.
    this.#client = rollcall({ url, namespace, token, WebSocket: WebSocket as unknown as WebSocketConstructor });
    this.#link = coreOf(this.#client).link();
    this.#user = {
      up: () => {
        this.#failure = undefined;
        this.#open.resolve();
      },
      down: (error) => {
        this.#failure = registryError(error);
        this.#open.reject(this.#failure);
        this.#open = deferred();
      },
    };
    this.#link.join(this.#user);
  }

  /** Number of sockets for watches that are open. */
  get watches(): number {
    return this.#watches.size;
  }

  /**
   * Sends a frame, and returns the body of its answer.
   *
   * @throws {UnsentError} If the frame was not sent.
   * @throws {RegistryError} The refusal of the registry, or `UNAVAILABLE` if it is away: the outcome is unknown then.
   */
  async ask<Body>(frame: object): Promise<Body> {
    if (!this.#link.isOpen) await this.#opened();
    try {
      return await this.#link.ask<Body>(frame);
    } catch (error) {
      throw registryError(error);
    }
  }

  /** Opens a socket for watches. @throws {RegistryError} If the registry refuses it, or is away, or after {@link close}. */
  async openSocket(listener: SocketListener): Promise<NamespaceSocket> {
    const core = coreOf(this.#client);
    let isOver = false;
    let isAnswered = true;
    const closed = (code: number): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(pings);
      this.#watches.delete(lose);
      listener.closed(code);
    };
    const opened = await openSocket(core.http, core.options, core.time, core.nextSubscriber(), {
      isAwake: () => true,
      message: (text) => {
        if (text === PONG) isAnswered = true;
        else if (!isOver) listener.frame(text);
      },
      closed,
    });
    if ('error' in opened) throw registryError(opened.error);
    if (this.#isClosed) {
      opened.close(1000);
      throw unreachable();
    }
    const leave = (code: number): void => {
      isOver = true;
      clearInterval(pings);
      this.#watches.delete(lose);
      opened.close(code);
    };
    // The watches of this socket don't know that it is closed, and would stay silent for ever.
    const lose = (): void => {
      leave(1000);
      listener.closed(BROKEN);
    };
    // Without pings, a connection that is broken half-way would stay silent for ever.
    const pings = setInterval(() => {
      if (isAnswered) {
        isAnswered = false;
        opened.send(PING);
        return;
      }
      lose();
    }, PING_INTERVAL_MS);
    this.#watches.add(lose);
    return {
      send: (text) => {
        if (!isOver) opened.send(text);
      },
      close: (code) => {
        if (!isOver) leave(code);
      },
    };
  }

  /** Closes all sockets. Calls under way and later ones fail, and watches end as lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#link.leave(this.#user);
    this.#failure = unreachable();
    this.#open.reject(this.#failure);
    for (const lose of [...this.#watches]) lose();
    await this.#client.close();
  }

  /** Waits until the socket is open. @throws {UnsentError} If the registry refuses it, or is away. */
  async #opened(): Promise<void> {
    // While it was away at the last attempt, clients are not kept waiting: they come back by themselves.
    if (this.#failure !== undefined) throw new UnsentError(this.#failure);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unreachable()), GATEWAY_CALL_OPEN_MAX_MS);
    });
    try {
      await Promise.race([this.#open.promise, late]);
    } catch (error) {
      throw new UnsentError(registryError(error));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Error of a call that was not sent: it has no effect. */
export class UnsentError extends RegistryError {
  constructor({ code, message }: RegistryError) {
    super(code, message);
  }
}

/** Reports whether the change of a call that failed may have been made all the same. */
export const isOutcomeUnknown = (error: unknown): boolean => !isRefusal(error) && !(error instanceof UnsentError);
