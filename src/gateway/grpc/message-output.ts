import { GRPC_OUTPUT_READY_MAX_BYTES, GRPC_OUTPUT_UNREAD_MAX_BYTES } from '../../model/limits';
import { Http2Code } from '../http2/frames';
import type { CallStream } from './call-stream';
import type { GrpcError } from './grpc-error';
import type { GrpcOutput } from './grpc-method';
import { framed, framedBytes } from './message-frames';

/** The messages that a stream sends: those of one turn in one write, with a bound on what the client has not read. */
export class MessageOutput implements GrpcOutput {
  onDrain: (() => void) | undefined;
  readonly #call: CallStream;
  /** Messages of this turn, and their bytes with frames. */
  #messages: Uint8Array[] = [];
  #messageBytes = 0;
  #isHeld = false;

  constructor(call: CallStream) {
    this.#call = call;
  }

  get bytesWaiting(): number {
    return this.#messageBytes + this.#call.stream.waitingBytes;
  }

  send(message: Uint8Array): boolean {
    if (this.#call.isOver) return false;
    const waiting = this.bytesWaiting;
    const bytes = framedBytes(message);
    // A single message of any size may be sent; a second one that waits behind it may not make it worse.
    if (waiting > 0 && waiting + bytes > GRPC_OUTPUT_UNREAD_MAX_BYTES) {
      this.#drop();
      return false;
    }
    if (this.#messages.push(message) === 1) setImmediate(() => this.#flush());
    this.#messageBytes += bytes;
    // One chunk of requests may have many times as much in answers, all of them before the turn ends.
    if (!this.#call.stream.plan(this.#messageBytes)) {
      this.#drop();
      return false;
    }
    if (waiting + bytes < GRPC_OUTPUT_READY_MAX_BYTES) return true;
    this.#isHeld = true;
    return false;
  }

  end(error?: GrpcError): void {
    this.#flush();
    this.#call.end(error);
  }

  #flush(): void {
    if (this.#messages.length === 0) return;
    const frames = framed(this.#messages);
    this.#messages = [];
    this.#messageBytes = 0;
    this.#call.stream.plan(0);
    if (this.#call.isOver) return;
    this.#call.write(frames, () => this.#taken());
  }

  #taken(): void {
    if (!this.#isHeld || this.#call.isOver || this.bytesWaiting >= GRPC_OUTPUT_READY_MAX_BYTES) return;
    this.#isHeld = false;
    try {
      this.onDrain?.();
    } catch (error) {
      this.#call.fail(error);
    }
  }

  /** Ends a stream that its client does not read. A status could not overtake the messages; a reset does. */
  #drop(): void {
    this.#messages = [];
    this.#messageBytes = 0;
    this.#call.reset(Http2Code.ENHANCE_YOUR_CALM);
  }
}
