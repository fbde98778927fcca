import { type ServerFrame, type SessionOpened, SOCKET_PROTOCOL } from '../../src/model/frames';
import { type SocketEnd, WebSocketClient } from './web-socket';

/** URL and token of a registry. */
export interface Place {
  url: string;
  rootToken: string;
}

/** Frames of a socket besides answers. */
export type StreamFrame = Extract<ServerFrame, { type: 'snapshot' | 'changes' | 'bookmark' | 'reset' }>;

/** Thrown when a request is refused. */
export class Refused extends Error {}

/** A client of a real registry's socket. */
export class RegistrySocket {
  /** Called with each frame of a watch and its size in characters. */
  onFrame: (frame: StreamFrame, size: number) => void = () => {};
  /** True to answer marks, as a client that reads does. */
  answersMarks = true;
  pongs = 0;
  readonly #socket: WebSocketClient;
  readonly #asked = new Map<string, { resolve: (body: unknown) => void; reject: (error: Error) => void }>();
  #asks = 0;

  private constructor(socket: WebSocketClient) {
    this.#socket = socket;
    socket.onText = (text) => this.#take(text);
    void socket.closed.then(({ code, reason }) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`the socket was closed: ${code} ${reason}`));
    });
  }

  static async open(place: Place, subscriber?: string): Promise<RegistrySocket> {
    const headers = {
      Authorization: `Bearer ${place.rootToken}`,
      'Sec-WebSocket-Protocol': SOCKET_PROTOCOL,
      ...(subscriber !== undefined && { 'Rollcall-Subscriber': subscriber }),
    };
    return new RegistrySocket(await WebSocketClient.connect(`${place.url}/api/v1/ns/public/socket`, headers));
  }

  get closed(): Promise<SocketEnd> {
    return this.#socket.closed;
  }

  /** Sends a frame, and waits for its answer. */
  ask<Body>(frame: object): Promise<Body> {
    const id = `a${++this.#asks}`;
    const answer = new Promise<unknown>((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.send({ id, ...frame });
    return answer as Promise<Body>; // `as`: the caller knows the answer's shape
  }

  /** Opens a session, or resumes the given one. */
  session(named: { session?: string; ttlMs?: number }): Promise<SessionOpened> {
    return this.ask<SessionOpened>({ type: 'session', ...named });
  }

  /** Sends a frame that has no answer. */
  send(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }

  ping(): void {
    this.#socket.send('ping');
  }

  close(code = 1000): void {
    this.#socket.close(code);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #take(text: string): void {
    if (text === 'pong') {
      this.pongs += 1;
      return;
    }
    const frame = JSON.parse(text) as ServerFrame; // `as`: its own tests check what a registry sends
    if (frame.type === 'mark') {
      if (this.answersMarks) this.send({ type: 'credit', bytes: text.length, mark: frame.mark });
      return;
    }
    if (frame.type !== 'answer' && frame.type !== 'error') {
      this.onFrame(frame, text.length);
      return;
    }
    const asked = this.#asked.get(frame.id ?? '');
    this.#asked.delete(frame.id ?? '');
    if (frame.type === 'answer') asked?.resolve(frame.body);
    else if (asked === undefined) throw new Error(`an error for no request: ${text}`);
    else asked.reject(new Refused(text));
  }
}
