import { GRPC_MESSAGE_MAX_BYTES } from '../../model/limits';
import type { StreamReceiver } from '../http2/http2-stream';
import type { CallStream } from './call-stream';
import { GrpcCode, GrpcError } from './grpc-error';
import type { GrpcInput, GrpcMethod } from './grpc-method';
import { MessageFrames } from './message-frames';
import { MessageOutput } from './message-output';
import type { Status } from './request-headers';

type UnaryMethod = Extract<GrpcMethod, { kind: 'unary' }>;
type StreamMethod = Extract<GrpcMethod, { kind: 'stream' }>;

const CUT_SHORT: Status = { code: GrpcCode.INTERNAL, details: 'unexpected EOF' };

/** Receives the stream of a call and hands its messages to its method. */
export function serveCall(call: CallStream, method: GrpcMethod): StreamReceiver {
  const maxBytes = method.receiveMaxBytes ?? GRPC_MESSAGE_MAX_BYTES;
  const frames = new MessageFrames(maxBytes, call.metadata['grpc-encoding'] ?? '');
  return method.kind === 'unary' ? new UnaryCall(call, method, frames) : openStream(call, method, frames);
}

/** Drops the request of a call that is refused. */
export function dropRequest(call: CallStream): StreamReceiver {
  return { data: () => {}, ended: () => {}, closed: () => call.closed() };
}

/** A call with one request and one answer. */
class UnaryCall implements StreamReceiver {
  readonly #call: CallStream;
  readonly #method: UnaryMethod;
  readonly #frames: MessageFrames;
  #request: Uint8Array | undefined;

  constructor(call: CallStream, method: UnaryMethod, frames: MessageFrames) {
    this.#call = call;
    this.#method = method;
    this.#frames = frames;
  }

  data(bytes: Buffer, isLast: boolean): void {
    const call = this.#call;
    if (call.isOver) return;
    this.#frames.push(bytes);
    try {
      // A request that is too large is refused before it has arrived.
      const message = this.#frames.next();
      if (message !== undefined) {
        if (this.#request !== undefined) throw new GrpcError(GrpcCode.INTERNAL, 'a unary call has one request message');
        // The end may be long in coming, and the chunk with the message keeps a whole buffer of the socket in memory.
        this.#request = isLast ? message : new Uint8Array(message);
      }
      if (!isLast) call.hold(this.#frames.keep() + (this.#request?.length ?? 0));
    } catch (error) {
      call.fail(error);
    }
  }

  ended(): void {
    const call = this.#call;
    if (call.isOver) return;
    const request = this.#request;
    if (request === undefined || this.#frames.isCut) {
      call.end(CUT_SHORT);
      return;
    }
    this.#request = undefined;
    try {
      const answer = this.#method.answer(request, call);
      if (!(answer instanceof Promise)) {
        call.answer(answer);
        return;
      }
      answer.then(
        (message) => call.answer(message),
        (error: unknown) => call.fail(error),
      );
      // The method may keep it for as long as it takes, and it may have been inflated.
      if (!call.isOver) call.hold(request.length);
    } catch (error) {
      call.fail(error);
    }
  }

  closed(): void {
    this.#call.closed();
  }
}

/** Opens a call with any number of messages in both directions. */
function openStream(call: CallStream, method: StreamMethod, frames: MessageFrames): StreamReceiver {
  call.isStreaming = true;
  try {
    return new MessageStream(call, method.open(call, new MessageOutput(call)), frames);
  } catch (error) {
    call.fail(error);
    return dropRequest(call);
  }
}

/** A call with any number of messages in both directions. */
class MessageStream implements StreamReceiver {
  readonly #call: CallStream;
  readonly #input: GrpcInput;
  readonly #frames: MessageFrames;
  /** True while the method works on a message. */
  #isWaiting = false;
  #isEnded = false;
  /** True while a part of a message is kept. */
  #isKeeping = false;

  constructor(call: CallStream, input: GrpcInput, frames: MessageFrames) {
    this.#call = call;
    this.#input = input;
    this.#frames = frames;
  }

  data(bytes: Buffer): void {
    if (this.#call.isOver) return;
    this.#frames.push(bytes);
    this.#pass();
    this.#keep();
  }

  ended(): void {
    this.#isEnded = true;
    this.#pass();
  }

  closed(): void {
    this.#call.closed();
  }

  /** Passes messages on, as long as the method takes them. */
  #pass(): void {
    try {
      while (!this.#isWaiting && !this.#call.isOver) {
        const message = this.#frames.next();
        if (message === undefined) break;
        this.#call.expectRest(false);
        const taken = this.#input.message(message);
        if (taken instanceof Promise) this.#wait(taken);
      }
      if (this.#isWaiting || this.#call.isOver || !this.#isEnded) return;
      if (this.#frames.isCut) this.#call.end(CUT_SHORT);
      else this.#input.ended();
    } catch (error) {
      this.#call.fail(error);
    }
  }

  /** Keeps what the method has not taken, and expects the rest of a message in time. */
  #keep(): void {
    const { isCut } = this.#frames;
    if (this.#call.isOver || (!isCut && !this.#isKeeping)) return;
    this.#isKeeping = isCut;
    this.#call.expectRest(isCut && !this.#isWaiting);
    try {
      this.#call.hold(this.#frames.keep());
    } catch (error) {
      this.#call.fail(error);
    }
  }

  #wait(taken: Promise<void>): void {
    this.#isWaiting = true;
    this.#call.stream.pause();
    taken.then(
      () => {
        this.#isWaiting = false;
        this.#pass();
        this.#keep();
        // Not before all that has come is taken: each message would otherwise let the client send as much again.
        if (!this.#isWaiting) this.#call.stream.resume();
      },
      (error: unknown) => this.#call.fail(error),
    );
  }
}
