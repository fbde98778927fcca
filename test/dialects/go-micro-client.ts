import type { Result } from '../../src/dialects/go-micro/wire';
import { type SocketEnd, WebSocketClient } from '../watch-proofs/web-socket';

/** Longest message that the client reads. Source: go-micro's plugin `proxy`, as for the next two. */
const READ_LIMIT_BYTES = 16_384;
/** Interval of its pings. */
const PING_PERIOD_MS = 54_000;
/** Time without a pong after which it stops reading, whatever other messages arrive. */
const PONG_WAIT_MS = 60_000;

/** A watcher with the deadlines that go-micro's plugin `proxy` sets for gorilla's WebSocket. */
export class GoMicroWatcher {
  readonly results: Result[] = [];
  /** Round-trip time of each ping, in milliseconds. */
  readonly pongs: number[] = [];
  /** Reason why its read loop returned without a Close frame, which it can't recover from; undefined if it still runs. */
  deaf: string | undefined;
  readonly closed: Promise<SocketEnd>;
  readonly #socket: WebSocketClient;
  readonly #pings: NodeJS.Timeout;
  #deadline: NodeJS.Timeout;

  private constructor(socket: WebSocketClient, pingPeriodMs: number, pongWaitMs: number) {
    this.#socket = socket;
    const wait = () => setTimeout(() => this.#goDeaf(`no pong within ${pongWaitMs} ms`), pongWaitMs);
    this.#deadline = wait();
    this.#pings = setInterval(() => this.ping(), pingPeriodMs);
    socket.onPong = (sentAt) => {
      this.pongs.push(performance.now() - Number(sentAt));
      clearTimeout(this.#deadline);
      this.#deadline = wait();
    };
    socket.onText = (text) => {
      if (Buffer.byteLength(text) > READ_LIMIT_BYTES) this.#goDeaf(`a message of ${Buffer.byteLength(text)} bytes`);
      else this.results.push(JSON.parse(text));
    };
    this.closed = socket.closed.finally(() => this.#rest());
  }

  /** @param url Address and path as the plugin joins them, with `http:` in front. */
  static async dial(url: string, pingPeriodMs = PING_PERIOD_MS, pongWaitMs = PONG_WAIT_MS): Promise<GoMicroWatcher> {
    return new GoMicroWatcher(await WebSocketClient.connect(url, {}), pingPeriodMs, pongWaitMs);
  }

  ping(): void {
    this.#socket.ping(String(performance.now()));
  }

  stop(): void {
    this.#rest();
    this.#socket.destroy();
  }

  #goDeaf(why: string): void {
    this.deaf ??= why;
    this.stop();
  }

  #rest(): void {
    clearInterval(this.#pings);
    clearTimeout(this.#deadline);
  }
}
