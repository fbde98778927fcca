import { ServerFrame } from '../../src/model/frames';
import type { SocketPurpose } from '../../src/model/namespace-sockets';
import type { Sent, SimulatedSocket } from './simulated-sockets';
import type { World } from './world';

/** A client's end of a socket in the world: sends frames with and without answers, and reports the close. */
export class SocketPeer {
  readonly socket: SimulatedSocket;
  readonly #answers = new Map<string, (frame: ServerFrame | undefined) => void>();
  readonly #onClosed: ((code: number) => void)[] = [];
  #asked = 0;
  /** The code it was closed with; undefined while it is open. */
  closedWith: number | undefined;

  /** Opens a socket; the machine must be up. `onFrame` receives all frames that are not answers. */
  constructor(world: World, purpose: SocketPurpose, onFrame: (frame: ServerFrame, sent: Sent) => void = () => {}) {
    this.socket = world.machine.sockets.open(purpose, {
      frame: (text, sent) => {
        const frame = ServerFrame.parse(JSON.parse(text));
        if (frame.type === 'answer' || (frame.type === 'error' && frame.id !== undefined)) this.#answered(frame);
        else onFrame(frame, sent);
      },
      closed: (code) => this.#closed(code),
    });
  }

  get isOpen(): boolean {
    return this.closedWith === undefined;
  }

  /** Resolves with the close code. */
  closed(): Promise<number> {
    if (this.closedWith !== undefined) return Promise.resolve(this.closedWith);
    return new Promise((resolve) => this.#onClosed.push(resolve));
  }

  /** Sends a frame, and resolves with its answer or refusal; undefined if the socket closes first. */
  ask(frame: object): Promise<ServerFrame | undefined> {
    if (!this.isOpen) return Promise.resolve(undefined);
    const id = String(++this.#asked);
    this.socket.send({ id, ...frame });
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  send(frame: object): void {
    if (this.isOpen) this.socket.send(frame);
  }

  /** Closes it from here. */
  close(code: number): void {
    if (!this.isOpen) return;
    this.socket.close(code);
    this.#closed(code);
  }

  /** The network breaks it. */
  cut(): void {
    if (this.isOpen) this.socket.cut();
  }

  #answered(frame: ServerFrame & { id?: string | undefined }): void {
    const resolve = this.#answers.get(frame.id ?? '');
    this.#answers.delete(frame.id ?? '');
    resolve?.(frame);
  }

  #closed(code: number): void {
    if (!this.isOpen) return;
    this.closedWith = code;
    for (const resolve of this.#answers.values()) resolve(undefined);
    for (const resolve of this.#onClosed) resolve(code);
  }
}
